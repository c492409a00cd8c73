package report

import (
	"fmt"
	"strings"
)

// longestAdvice bounds what is shown of what to do next: it is several sentences.
const longestAdvice = 1200

// sentences are those that an advice is made of, in both languages; %s stands for a name or a
// number. One that is not listed stays as it is.
var sentences = []struct{ en, de string }{
	{"Apply again while the window is open, or change maintenance_window.", "Bei offenem Fenster noch einmal anwenden, oder maintenance_window ändern."},
	{"What has been counted stays counted.", "Was gezählt ist, bleibt gezählt."},
	{"What has been counted stays counted: only what is missing will be made.", "Was gezählt ist, bleibt gezählt: Nur was fehlt, kommt noch dazu."},
	{"A new image has shown the id of the old one.", "Ein neues Image zeigt die ID des alten."},
	{
		"See in Timago under Stationen > Betriebssystem that the option KMS-Aktivierung is on for these stations, and with whoever makes the image why it keeps its id.",
		"In Timago unter Stationen > Betriebssystem prüfen, ob die Option KMS-Aktivierung für diese Stationen gesetzt ist, und mit denen, die das Image machen, warum es seine ID behält.",
	},
	{
		"See in Timago under Stationen > Betriebssystem that the option KMS-Aktivierung is on for these stations, and reset their image: the option takes effect only then.",
		"In Timago unter Stationen > Betriebssystem prüfen, ob die Option KMS-Aktivierung für diese Stationen gesetzt ist, und ihr Image zurücksetzen: Erst dann wirkt die Option.",
	},
	{"Then apply again.", "Dann noch einmal anwenden."},
	{"Or add members: each counts once.", "Oder Mitglieder hinzunehmen: Jedes zählt einmal."},
	{
		"Raise timeouts.create and timeouts.update, or apply again: it goes on from what has been counted.",
		"timeouts.create und timeouts.update erhöhen oder noch einmal anwenden: Es geht von dem aus weiter, was gezählt ist.",
	},
	{
		"Apply again: it goes on from what has been counted, and waits for stations that are still starting.",
		"Noch einmal anwenden: Es geht von dem aus weiter, was gezählt ist, und wartet auf Stationen, die noch starten.",
	},
	{
		"Install the KMS host key for %s there, or leave the product out with thresholds = { %s = 0 }.",
		"Dort den KMS-Hostschlüssel für %s installieren, oder das Produkt mit thresholds = { %s = 0 } auslassen.",
	},
	{"Apply again.", "Noch einmal anwenden."},
	{"Members that stay unlicensed say why in unlicensed.", "Warum Mitglieder nicht lizenziert sind, steht in unlicensed."},
	{"Mend what keeps the stations, or add stations to the pool; then apply again.", "Beheben, was die Stationen hindert, oder Stationen in den Pool aufnehmen; dann noch einmal anwenden."},
	{
		"Mend what keeps the stations, add stations to the pool, or raise cycle.max_restarts_per_station; then apply again.",
		"Beheben, was die Stationen hindert, Stationen in den Pool aufnehmen oder cycle.max_restarts_per_station erhöhen; dann noch einmal anwenden.",
	},
	{
		"Windows Server is activated from a count of %s on: set thresholds = { %s = %s }.",
		"Windows Server wird ab einer Anzahl von %s aktiviert: thresholds = { %s = %s } setzen.",
	},
	{"Or add members that run a Windows client.", "Oder Mitglieder mit einem Windows-Client hinzunehmen."},
	{"More restarts do not help.", "Weitere Neustarts helfen nicht."},
	{
		"See with the data source timago_kms_host what the host counts, and set thresholds = { %s = … } to what it reaches.",
		"Mit der Datenquelle timago_kms_host nachsehen, was der Host zählt, und thresholds = { %s = … } auf das setzen, was er erreicht.",
	},
	{"Switch on the stations that do not answer.", "Die Stationen einschalten, die nicht antworten."},
	{
		"Switch on the stations that do not answer, or set cycle.wake_broadcast, so that an apply does.",
		"Die Stationen einschalten, die nicht antworten, oder cycle.wake_broadcast setzen, damit ein Lauf es tut.",
	},
	{
		"Switch on the stations that do not answer, or set cycle.wake = true, so that an apply does.",
		"Die Stationen einschalten, die nicht antworten, oder cycle.wake = true setzen, damit ein Lauf es tut.",
	},

	// What helps against Microsoft's codes, as package kms says it.
	{
		"See that the stations reach the KMS host's TCP port 1688: the service sppsvc on the host, its firewall, and what lies between.",
		"Prüfen, ob die Stationen den TCP-Port 1688 des KMS-Hosts erreichen: den Dienst sppsvc auf dem Host, dessen Firewall und was dazwischen liegt.",
	},
	{
		"Publish the KMS host in DNS by one record _vlmcs._tcp, or set it on the stations by slmgr /skms.",
		"Den KMS-Host durch einen Eintrag _vlmcs._tcp im DNS bekannt machen, oder auf den Stationen mit slmgr /skms setzen.",
	},
	{
		"Install the newest updates on the KMS host; else mend the stations' licensing store by slmgr /rilc and a restart.",
		"Die neuesten Updates auf dem KMS-Host installieren; sonst den Lizenzspeicher der Stationen mit slmgr /rilc und einem Neustart erneuern.",
	},
	{
		"Activate the KMS host's own key, with the Volume Activation Tools or by slmgr /ato.",
		"Den Schlüssel des KMS-Hosts selbst aktivieren, mit den Volumenaktivierungstools oder slmgr /ato.",
	},
	{
		"Install a KMS host key that covers the product on the KMS host, or another edition of it on the stations.",
		"Auf dem KMS-Host einen Schlüssel installieren, der das Produkt umfasst, oder auf den Stationen eine andere Edition.",
	},
	{
		"Set the clocks right (w32tm /resync), and the clock in the firmware of the station that is wrong.",
		"Die Uhren stellen (w32tm /resync), auch die in der Firmware der Station, die falsch geht.",
	},
	{
		"Put these stations under a qualifying base licence: a volume key is an upgrade.",
		"Diese Stationen brauchen eine berechtigende Basislizenz: Ein Volumenschlüssel ist ein Upgrade.",
	},
	{"Install the product's KMS client key (GVLK) by slmgr /ipk.", "Den KMS-Clientschlüssel (GVLK) des Produkts mit slmgr /ipk installieren."},
	{"Install the KMS client key (GVLK) of the edition that runs there.", "Den KMS-Clientschlüssel (GVLK) der Edition installieren, die dort läuft."},
	{"See that the account is an administrator of the stations.", "Prüfen, ob das Konto Administrator der Stationen ist."},
	{"Mend the stations' licensing store: slmgr /rilc, then a restart.", "Den Lizenzspeicher der Stationen erneuern: slmgr /rilc, dann ein Neustart."},
}

// advise says what to do next in both languages, sentence by sentence.
func (h *hider) advise(next string) text {
	var en, de []string
	for line := range strings.Lines(next) {
		for sentence := range strings.SplitAfterSeq(line, ". ") {
			if sentence = strings.TrimSpace(sentence); sentence != "" {
				en, de = append(en, sentence), append(de, inGerman(sentence))
			}
		}
	}
	return text{h.short(strings.Join(en, " "), longestAdvice), h.short(strings.Join(de, " "), longestAdvice)}
}

func inGerman(sentence string) string {
	for _, s := range sentences {
		values, fits := match(s.en, sentence)
		if !fits {
			continue
		}
		said := make([]any, len(values))
		for i, value := range values {
			said[i] = value
		}
		return fmt.Sprintf(s.de, said...)
	}
	return sentence
}
