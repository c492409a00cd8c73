package report

import (
	"fmt"
	"regexp"
	"strings"
)

// phrases are the reasons that a cycle gives, in both languages; %s stands for a name, a
// duration, a code or another reason. The engine speaks English alone: its texts are also
// those of diagnostics. A reason that is not listed stays as it is.
var phrases = []struct{ en, de string }{
	{"a user is logged on, and stations in use are skipped", "jemand ist angemeldet, und benutzte Stationen werden übergangen"},
	{"it does not answer: %s", "sie antwortet nicht: %s"},
	{"a user is logged on", "jemand ist angemeldet"},
	{"it is the same machine as %s", "sie ist dieselbe Maschine wie %s"},
	{"its Windows refused the account: %s", "ihr Windows weist das Konto zurück: %s"},
	{"no machine of its name is known, and it could not be switched on: %s", "keine Maschine dieses Namens ist bekannt, und sie ließ sich nicht einschalten: %s"},
	{"no machine of its name is known: %s", "keine Maschine dieses Namens ist bekannt: %s"},
	{"it has no %s with a KMS client key", "sie hat kein %s mit einem KMS-Clientschlüssel"},
	{"it was asked to activate and refused: %s", "die Aktivierung wurde verlangt und abgelehnt: %s"},
	{"it made no request after its start and cannot be asked to", "nach dem Start kam keine Anfrage von ihr, und um eine zu bitten ist nicht möglich"},
	{"it came back, but cannot be asked: %s", "sie ist wieder da, lässt sich aber nicht bitten: %s"},
	{"it came back, but its licences could not be read within %s", "sie ist wieder da, aber ihre Lizenzen waren binnen %s nicht zu lesen"},
	{"nothing shows that it reaches the KMS host, and %s did not: %s", "nichts zeigt, dass sie den KMS-Host erreicht, und %s tat es nicht: %s"},
	{"no request of it reached this KMS host: it asks %s", "keine Anfrage von ihr kam bei diesem KMS-Host an: sie fragt %s"},
	{"no request of it was seen though it was asked to make one", "keine Anfrage von ihr war zu sehen, obwohl eine verlangt wurde"},
	{"no request of it was seen within %s after its start", "binnen %s nach dem Start war keine Anfrage von ihr zu sehen"},
	{"its start brought no new client machine id: the KMS host had counted %s already", "der Start brachte keine neue Clientcomputer-ID: der KMS-Host hatte %s schon gezählt"},
	{"it was restarted %s times, the most allowed", "sie wurde %s-mal neu gestartet, öfter ist nicht erlaubt"},
	{"it did not answer for %s: %s", "sie antwortet seit %s nicht: %s"},
	{"it did not answer for %s", "sie antwortet seit %s nicht"},
	{"it could not be switched on (%s), and %s", "sie ließ sich nicht einschalten (%s), und %s"},
	{"it did not come back within %s after its restart", "sie kam binnen %s nach dem Neustart nicht wieder"},
	{"its restart was commanded, and no new start of it was seen within %s", "sie bekam den Befehl zum Neustart, und binnen %s war kein neuer Start zu sehen"},
	{"its restart was commanded and not answered, and it did not answer within %s", "sie bekam den Befehl zum Neustart und antwortete weder darauf noch binnen %s"},
	{"it was to be asked to activate, and nothing came of it within %s", "die Aktivierung sollte verlangt werden, und binnen %s wurde nichts daraus"},
	{"nothing came of it within %s (%s)", "binnen %s wurde nichts daraus (%s)"},
	{"Windows was never ready to be restarted: %s", "Windows war nie zum Neustart bereit: %s"},
	{"its restart was refused: %s", "der Neustart wurde abgelehnt: %s"},
	{"it could not be restarted: %s", "sie ließ sich nicht neu starten: %s"},
	{"Windows refused to restart it, and nobody was seen logged on: %s", "Windows lehnt den Neustart ab, und niemand war angemeldet: %s"},
	{"somebody else has scheduled a shutdown there", "dort ist von anderer Seite ein Herunterfahren geplant"},
	{"all that could be done at once is done; waiting for %s", "was sofort ging, ist getan; gewartet wird auf %s"},
	{"no start of it was seen after it was woken: it may have been on all along", "nach dem Wecken war kein Start zu sehen: vielleicht war sie die ganze Zeit an"},
	{"another cycle counts on it", "ein anderer Lauf rechnet mit ihr"},
	{"the apply ended before it could be switched off", "der Lauf endete, bevor sie ausgeschaltet werden konnte"},
	{"who uses it could not be read: %s", "wer sie benutzt, war nicht zu lesen: %s"},
	{"whether it was switched off is not known: %s", "ob sie ausgeschaltet wurde, ist nicht bekannt: %s"},
	{"it could not be switched off: %s", "sie ließ sich nicht ausschalten: %s"},

	// Why a key never counts, as package kms says it.
	{"it was activated through Active Directory and asks no KMS host", "sie ist über Active Directory aktiviert und fragt keinen KMS-Host"},
	{"it has a multiple activation key (MAK), which activates at Microsoft and never asks a KMS host (channel %s)", "sie hat einen Mehrfachaktivierungsschlüssel (MAK), der bei Microsoft aktiviert und nie einen KMS-Host fragt (Kanal %s)"},
	{"it has a retail or subscription (CSP) key; CSP licences contain no KMS key: ask the supplier for the volume licence's KMS keys (channel %s)", "sie hat einen Einzelhandels- oder Abonnementschlüssel (CSP); CSP-Lizenzen enthalten keinen KMS-Schlüssel: der Lieferant der Volumenlizenz hat die KMS-Schlüssel (Kanal %s)"},
	{"it has the manufacturer's pre-installed (OEM) key, which never asks a KMS host (channel %s)", "sie hat den vorinstallierten Schlüssel des Herstellers (OEM), der nie einen KMS-Host fragt (Kanal %s)"},
	{"it has the key of a KMS host, not of a client (channel %s)", "sie hat den Schlüssel eines KMS-Hosts, nicht eines Clients (Kanal %s)"},
	{"it is an evaluation version, which no KMS host activates (channel %s)", "sie ist eine Testversion, die kein KMS-Host aktiviert (Kanal %s)"},
	{"it is licensed by a subscription such as Microsoft 365, not by a KMS host (channel %s)", "sie ist durch ein Abonnement wie Microsoft 365 lizenziert, nicht durch einen KMS-Host (Kanal %s)"},
	{"it is activated by the host of its virtual machine (AVMA), not by a KMS host (channel %s)", "sie wird vom Host ihrer virtuellen Maschine aktiviert (AVMA), nicht von einem KMS-Host (Kanal %s)"},
	{"its key is not that of a KMS client (channel %s)", "ihr Schlüssel ist nicht der eines KMS-Clients (Kanal %s)"},
	{"its key's channel could not be read", "der Kanal ihres Schlüssels war nicht zu lesen"},

	{"its request added nothing: the KMS host had counted %s already", "ihre Anfrage hat nichts erhöht: der KMS-Host hatte %s schon gezählt"},
	{"its start brought no new client machine id: it asked with %s, which it had before", "ihr Start brachte keine neue Clientcomputer-ID: sie fragte mit %s an, die sie vorher schon hatte"},
	{"it was not needed for what others could not add", "für das, was andere nicht zählen lassen konnten, wurde sie nicht gebraucht"},
	{"Windows is not ready to be restarted", "Windows ist zu einem Neustart noch nicht bereit"},
	{"it was being switched on", "sie wurde gerade eingeschaltet"},
	{"its restart was commanded, the outcome is not known", "ihr Neustart war befohlen, was daraus wurde, ist nicht bekannt"},
	{"it was restarted and had not come back yet", "sie war neu gestartet und noch nicht wieder da"},
	{"it was restarted and came back; its licences were not read any more", "sie war neu gestartet und wieder da; ihre Lizenzen wurden nicht mehr gelesen"},
	{"it was restarted and came back; its request had not been seen yet", "sie war neu gestartet und wieder da; ihre Anfrage war noch nicht zu sehen"},
	{"it was asked to activate; its request had not been seen yet", "die Aktivierung war verlangt; ihre Anfrage war noch nicht zu sehen"},
	{"it has started; its request had not been seen yet", "sie ist gestartet; ihre Anfrage war noch nicht zu sehen"},
	{"defect of the provider: station %s is %s, and %s leads nowhere from there", "Fehler im Provider: Station %s ist %s, und %s führt von dort nirgendwohin"},

	// Microsoft's codes, as package kms says them.
	{"the KMS host's count is below the threshold", "die Anzahl am KMS-Host liegt unter dem Schwellenwert"},
	{"the KMS host did not answer the request", "der KMS-Host hat die Anfrage nicht beantwortet"},
	{"the KMS host itself is not activated", "der KMS-Host selbst ist nicht aktiviert"},
	{"this KMS host's key cannot activate this product", "der Schlüssel dieses KMS-Hosts kann dieses Produkt nicht aktivieren"},
	{"the clocks of client and KMS host differ by more than 4 hours", "die Uhren von Client und KMS-Host weichen um mehr als 4 Stunden ab"},
	{"no KMS host could be reached", "kein KMS-Host war zu erreichen"},
	{"a volume key is installed on a machine without a qualifying base licence", "ein Volumenschlüssel ist auf einer Maschine ohne berechtigende Basislizenz installiert"},
	{"the product key is wrong", "der Product Key ist falsch"},
	{"the grace period is over", "die Karenzzeit ist abgelaufen"},
	{"no product key is installed", "kein Product Key ist installiert"},
	{"key and edition do not match", "Schlüssel und Edition passen nicht zusammen"},
	{"the key's activations are used up (KMS host key or MAK)", "die Aktivierungen des Schlüssels sind verbraucht (KMS-Hostschlüssel oder MAK)"},
	{"no _vlmcs._tcp record was found in DNS", "im DNS gibt es keinen Eintrag _vlmcs._tcp"},
	{"the KMS host is unreachable or its port 1688 is closed", "der KMS-Host ist nicht erreichbar, oder sein Port 1688 ist geschlossen"},
	{"access was denied", "der Zugriff wurde verweigert"},
	{"the request or its answer could not be processed: the KMS host is too old for this product, or the licensing store is damaged", "die Anfrage oder ihre Antwort war nicht zu verarbeiten: der KMS-Host ist zu alt für dieses Produkt, oder der Lizenzspeicher ist beschädigt"},
	{"the licensing store is damaged", "der Lizenzspeicher ist beschädigt"},
	{"no valid licence or product key was found for this edition", "für diese Edition gibt es keine gültige Lizenz und keinen gültigen Product Key"},
	{"Microsoft's catalogue of licences does not hold this product", "Microsofts Lizenzkatalog kennt dieses Produkt nicht"},
	{"the machine is not ready", "die Maschine ist nicht bereit"},
	{"the machine is shutting down", "die Maschine fährt herunter"},
	{"the machine's management service is starting or stopping", "der Verwaltungsdienst der Maschine startet oder endet"},
	{"it runs in its grace period", "sie läuft in ihrer Karenzzeit"},
	{"it runs in the grace period that follows a change or the end of a licence", "sie läuft in der Karenzzeit nach einer Änderung oder dem Ende einer Lizenz"},
	{"it is activated", "sie ist aktiviert"},
	{"it runs in the grace period of a product that is not genuine", "sie läuft in der Karenzzeit eines Produkts, das nicht echt ist"},
	{"it has a licence of the Microsoft Store", "sie hat eine Lizenz des Microsoft Store"},

	// What Windows or the way there answered, as packages site and winrm say it.
	{"no answer", "keine Antwort"},
	{"access denied", "Zugriff verweigert"},
	{"in use", "in Gebrauch"},
	{"%s denied access", "%s verweigert den Zugriff"},
	{"%s refused the connection", "%s lehnt die Verbindung ab"},
	{"%s did not answer in time", "%s hat nicht rechtzeitig geantwortet"},
	{"%s closed the connection", "%s hat die Verbindung beendet"},
	{"%s cannot be reached: no route, or it is switched off", "%s ist nicht zu erreichen: kein Weg führt dorthin, oder sie ist ausgeschaltet"},
	{"%s has no address: the name could not be resolved", "%s hat keine Adresse: Der Name war nicht aufzulösen"},
	{"%s was not trusted: its TLS certificate or protocol was not accepted", "%s fand kein Vertrauen: TLS-Zertifikat oder Protokoll wurden nicht angenommen"},
	{"%s says that its service is not available", "%s meldet, dass der Dienst nicht bereit ist"},
	{"%s did not seal its answer, so that nobody knows who gave it", "%s hat die Antwort nicht versiegelt: Niemand weiß, von wem sie kam"},
	{"method %s of %s on %s returned %s", "die Methode %s von %s auf %s gab %s zurück"},

	// What joins reasons, the last to be tried.
	{"%s; then %s", "%s; dann %s"},
	{"%s; %s", "%s; %s"},
	{"%s: %s", "%s: %s"},
	{"%s and %s more", "%s und %s weitere"},
}

var coded = regexp.MustCompile(`^(.+) \((0x[0-9A-F]{8})\)$`)

// german says a reason in German, as far as it is known.
func german(reason string) string {
	if parts := coded.FindStringSubmatch(reason); parts != nil {
		if inner := german(parts[1]); inner != parts[1] {
			return inner + " (" + parts[2] + ")"
		}
	}
	for _, phrase := range phrases {
		values, fits := match(phrase.en, reason)
		if !fits {
			continue
		}
		said := make([]any, len(values))
		for i, value := range values {
			said[i] = german(value)
		}
		return fmt.Sprintf(phrase.de, said...)
	}
	return reason
}

// match finds what stands for each %s of a pattern.
func match(pattern, text string) (values []string, fits bool) {
	fixed := strings.Split(pattern, "%s")
	rest, fits := strings.CutPrefix(text, fixed[0])
	if !fits || len(fixed) == 1 {
		return nil, fits && rest == ""
	}
	for _, part := range fixed[1 : len(fixed)-1] {
		value, after, found := strings.Cut(rest, part)
		if !found || value == "" {
			return nil, false
		}
		values, rest = append(values, value), after
	}
	last, fits := strings.CutSuffix(rest, fixed[len(fixed)-1])
	return append(values, last), fits && last != ""
}
