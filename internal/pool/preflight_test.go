package pool_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/schedule"
)

// classroom is a site where nothing stands in the way: three stations that have asked,
// ask kms01 and were found by DNS; 22 counts are missing.
func classroom() pool.Facts {
	read := host(map[kms.Product]int{kms.Windows: 3})
	f := pool.Facts{KMSHost: "kms01.schule.example:5985", Host: &pool.HostReading{Host: read}}
	for i := range 3 {
		m := station(fmt.Sprintf("PC%02d", i+1), longUp, windows(kms.Notification))
		m.Station.CMID = kms.CMID(fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
		m.Station.KMSHost, m.Station.KMSFound = "kms01.schule.example", true
		f.Members = append(f.Members, m)
	}
	f.Host.Now = f.Members[0].Station.Now
	f.Discovery = inDNS("kms01.schule.example")
	return f
}

func inDNS(hosts ...string) *kms.Discovery {
	d := &kms.Discovery{Name: "_vlmcs._tcp.schule.example"}
	for _, host := range hosts {
		d.Records = append(d.Records, kms.ServiceRecord{Host: host, Port: 1688})
	}
	return d
}

func TestWhatStandsInTheWayIsFoundBeforeAnythingIsTouched(t *testing.T) {
	t.Parallel()
	type facts = *pool.Facts
	each := func(change func(*pool.Member)) func(facts) {
		return func(f facts) {
			for i := range f.Members {
				change(&f.Members[i])
			}
		}
	}
	hold := func(licences ...kms.Licence) func(facts) {
		return each(func(m *pool.Member) { m.Station.Licences = licences })
	}
	mak := licence(kms.Windows, "Volume:MAK", kms.Licensed)
	retailOffice := licence(kms.Office, "Retail", kms.Licensed)
	directory := windows(kms.Licensed)
	directory.ActivationType = kms.ActivationTypeActiveDirectory
	set := func(product kms.Product, threshold int) func(facts) {
		return func(f facts) { f.Wanted.Thresholds = map[kms.Product]int{product: threshold} }
	}
	both := func(changes ...func(facts)) func(facts) {
		return func(f facts) {
			for _, change := range changes {
				change(f)
			}
		}
	}
	counts := func(counts map[kms.Product]int) func(facts) {
		return func(f facts) { f.Host.Host = host(counts) }
	}

	maintained := func(length time.Duration, restarts int) func(facts) {
		return func(f facts) {
			f.Now, f.Restarts = time.Date(2026, 9, 8, 12, 0, 0, 0, time.UTC), restarts
			f.Window = &schedule.Window{Start: 22 * time.Hour, End: 22*time.Hour + length}
		}
	}
	proven := func(f facts) { f.Memory.Proof = f.Host.Now }
	paced := func(cycles map[string]time.Duration) func(facts) {
		return func(f facts) {
			f.Memory.Paces = map[string]pool.Pace{}
			for name, cycle := range cycles {
				f.Memory.Paces[name] = pool.Pace{Return: pool.Span{Mean: cycle, Samples: 1}}
			}
		}
	}

	for name, tt := range map[string]struct {
		change   func(facts)
		kind     pool.FindingKind // "": nothing is found
		severity pool.Severity
		says     []string
	}{
		"nothing": {func(facts) {}, "", 0, nil},
		"not a KMS host": {
			func(f facts) { f.Host.Host = kms.Host{} }, pool.NotAHost, pool.Error,
			[]string{"kms01.schule.example:5985 is no KMS host", "no KMS host key (CSVLK)", "kms.host of the provider block"},
		},
		"its key is not activated": {
			func(f facts) {
				f.Host.Host.Products[0].Status, f.Host.Host.Products[0].Reason, f.Host.Host.Products[0].Name = kms.Notification, 0xC004C008, "Windows(R), ServerStandard edition"
			}, pool.KeyInactive, pool.Error,
			[]string{"The key for Windows of KMS host", "Windows(R), ServerStandard edition: Notification: the key's activations are used up", "0xC004F041"},
		},
		"a threshold without a host key": {
			both(set(kms.Office, 5), hold(windows(kms.Notification), office(kms.Notification))), pool.KeyMissing, pool.Error,
			[]string{"has no key for Office", "thresholds = { office = 0 }"},
		},
		"a host key that was lost": {
			func(f facts) {
				f.Wanted.Managed = []kms.Product{kms.Windows}
				f.Host.Host = host(map[kms.Product]int{kms.Office: 5})
			},
			pool.KeyMissing, pool.Error, []string{"has no key for Windows"},
		},
		"a threshold for what nobody holds": {
			both(set(kms.Office, 5), counts(map[kms.Product]int{kms.Windows: 30, kms.Office: 2})), pool.NobodyHolds, pool.Error,
			[]string{"No member holds Office with a KMS client key", "Nothing that these members do", "thresholds = { office = 0 }"},
		},
		"… that others hold up": {
			both(set(kms.Office, 5), counts(map[kms.Product]int{kms.Windows: 30, kms.Office: 8})), pool.NobodyHolds, pool.Warning,
			[]string{"Others hold the count of Office up"},
		},
		"… that one unread may hold": {
			both(set(kms.Office, 5), counts(map[kms.Product]int{kms.Windows: 30, kms.Office: 2}), func(f facts) { f.Members[2] = silent("PC03") }), "", 0, nil,
		},
		"one with a MAK": {
			func(f facts) { f.Members[1].Station.Licences, f.Limits.MaxRestartsPerStation = []kms.Licence{mak}, 11 }, pool.NeverCounted, pool.Warning,
			[]string{"1 of 3 members can never be counted", "- PC02: Windows: it has a multiple activation key (MAK)", "They are left out"},
		},
		"all of the directory": {
			hold(directory), pool.NeverCounted, pool.Error,
			[]string{"3 of 3 members can never be counted", "No member is left", "activated through Active Directory"},
		},
		"Office by subscription": {
			both(hold(windows(kms.Notification), retailOffice), counts(map[kms.Product]int{kms.Windows: 3, kms.Office: 2}), func(f facts) {
				f.Members[0].Station.Licences = []kms.Licence{windows(kms.Notification), office(kms.Notification)}
			}), pool.NeverCounted, pool.Warning,
			[]string{"2 of 3 members", "- PC02: Office: it has a retail or subscription (CSP) key", "CSP licences contain no KMS key: ask the supplier"},
		},
		"two KMS hosts in use": {
			func(f facts) { f.Members[2].Station.KMSHost = "kms02.schule.example" }, pool.SeveralHosts, pool.Warning,
			[]string{"ask 2 different KMS hosts", "- kms01.schule.example: PC01, PC02\n  - kms02.schule.example: PC03", "slmgr /skms"},
		},
		"another KMS host than the pool's": {
			func(f facts) { f.KMSHost, f.Discovery = "kms09", nil }, pool.OtherHost, pool.Warning,
			[]string{"ask KMS host kms01.schule.example, not kms09"},
		},
		"one host under two names": {func(f facts) { f.Members[2].Station.KMSHost = "KMS01" }, "", 0, nil},
		"an address is any host":   {func(f facts) { f.KMSHost = "192.0.2.7:5985" }, "", 0, nil},
		"no record in DNS": {
			func(f facts) { f.Discovery = inDNS() }, pool.NotInDNS, pool.Warning,
			[]string{"There is no record _vlmcs._tcp.schule.example", "event 12293"},
		},
		"no record, and nobody looks": {
			both(func(f facts) { f.Discovery = inDNS() }, each(func(m *pool.Member) { m.Station.KMSFound = false })), "", 0, nil,
		},
		"another host in DNS": {
			func(f facts) { f.Discovery = inDNS("kms07.schule.example") }, pool.NotInDNS, pool.Warning,
			[]string{"KMS host kms01.schule.example is not found in DNS", "names kms07.schule.example"},
		},
		"two hosts in DNS": {
			func(f facts) { f.Discovery = inDNS("kms01.schule.example", "kms02.schule.example") }, pool.SeveralInDNS, pool.Warning,
			[]string{"DNS names 2 KMS hosts", "- kms02.schule.example: port 1688, priority 0, weight 0", "the count is split"},
		},
		"a port that is closed": {
			func(f facts) { f.Port = errors.New("connection refused") }, pool.PortClosed, pool.Warning,
			[]string{"The KMS port of kms01.schule.example is not reachable", "connection refused", "firewall"},
		},
		"a clock that is wrong": {
			func(f facts) {
				f.Host.Now = f.Host.Now.Add(5 * time.Hour)
				f.Members = f.Members[:1]
				f.Host.Host.Products[0].Count = new(25)
			},
			pool.ClocksApart, pool.Warning,
			[]string{"The clocks of 1 member and of KMS host", "- PC01: its clock is 5h0m0s behind the KMS host's", "0xC004F06C"},
		},
		"a clock that is not right": {func(f facts) { f.Host.Now = f.Host.Now.Add(-3 * time.Hour) }, "", 0, nil},
		"one id for two": {
			func(f facts) { f.Members[2].Station.CMID = f.Members[0].Station.CMID }, pool.SharedCMID, pool.Warning,
			[]string{"2 members share 1 client machine id", "- 00000000-0000-4000-8000-000000000000: PC01, PC03", "sysprep /generalize", "KMS-Aktivierung"},
		},
		"too few restarts": {
			func(f facts) { f.Limits.MaxRestartsPerStation = 7 }, pool.TooFewPossible, pool.Warning,
			[]string{"Windows lacks 22 counts, and at most 21 can be made", "0 members can be asked without a restart, and 3 members restarted up to 7 times each", "cycle.max_restarts_per_station"},
		},
		"just enough with one that can be asked": {
			func(f facts) {
				f.Limits.MaxRestartsPerStation = 7
				f.Members[1].Station.Licences = []kms.Licence{windows(kms.OOBGrace)}
			}, "", 0, nil,
		},
		"those in use are skipped": {
			func(f facts) {
				f.Limits.WhenInUse = kms.SkipWhenInUse
				f.Members[0].Presence = &kms.Presence{User: "erika"}
			}, pool.TooFewPossible, pool.Warning,
			[]string{"2 members restarted up to 10 times each"},
		},
		"a window in which not one restart fits": {
			maintained(3*time.Minute-time.Second, 22), pool.WindowTooShort, pool.Error,
			[]string{
				"No restart fits into the maintenance window", "The opening of 2026-09-08 22:00 UTC lasts 2m59s (every day 22:00-22:02 UTC)",
				"expected to take 3m0s until it is counted, as is usual, since no restart of these members was seen yet", "longer than 3m0s",
			},
		},
		"a window that is too short for all": {
			maintained(20*time.Minute, 22), pool.WindowTooShort, pool.Warning,
			[]string{
				"The maintenance window is too short for 22 restarts", "3 stations may be down at once: 3 members can be restarted, and cycle.max_parallel is 10",
				// 3 minutes for the proof, then 5 rounds of 3.
				"The first goes alone", "At most 16 restarts fit into one opening, so that all take about 2 openings", "add stations", "early_renewal",
			},
		},
		"… with the image proven": {
			both(maintained(20*time.Minute, 22), proven), pool.WindowTooShort, pool.Warning, []string{"At most 18 restarts fit into one opening"},
		},
		"… for so many at once": {
			both(maintained(20*time.Minute, 22), proven, func(f facts) { f.Limits.MaxParallel = 2 }), pool.WindowTooShort, pool.Warning,
			[]string{"2 stations may be down at once: 3 members", "At most 12 restarts", "raise cycle.max_parallel"},
		},
		"a window that is just long enough":                  {both(maintained(18*time.Minute, 18), proven), "", 0, nil},
		"a window that is just long enough with its proof":   {maintained(21*time.Minute, 19), "", 0, nil},
		"a window that is too short, and nothing is missing": {maintained(time.Minute, 0), "", 0, nil},
		"a window that is too short for what is remembered": {
			both(maintained(20*time.Minute, 22), proven, paced(map[string]time.Duration{"PC01": 21 * time.Minute, "PC02": 25 * time.Minute})),
			pool.WindowTooShort, pool.Error, []string{"expected to take 21m0s until it is counted, as earlier ones did"},
		},
		"a night with an hour less spoils one opening": {
			both(proven, paced(map[string]time.Duration{"PC01": 40 * time.Minute, "PC02": 40 * time.Minute, "PC03": 40 * time.Minute}), func(f facts) {
				f.Now, f.Restarts = time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC), 22
				f.Window = &schedule.Window{Start: time.Hour + 30*time.Minute, End: 3 * time.Hour, Location: place("Europe/Berlin")}
			}),
			pool.WindowTooShort, pool.Warning,
			[]string{"The opening of 2026-03-29 01:30 CET lasts 30m0s", "At most 0 restarts fit into one opening, so that all take about 4 openings"},
		},
		"of an unknown one what others take on average is expected": {
			both(maintained(26*time.Minute, 22), proven, paced(map[string]time.Duration{"PC01": 10 * time.Minute, "PC02": 40 * time.Minute})),
			pool.WindowTooShort, pool.Warning, []string{"At most 3 restarts fit into one opening"},
		},
		"quick ones repeat in it": {
			both(maintained(10*time.Minute, 22), proven, paced(map[string]time.Duration{"PC01": time.Minute, "PC02": time.Minute, "PC03": 5 * time.Minute})), "", 0, nil,
		},
		"those that may not be restarted need no window": {
			both(maintained(time.Minute, 22), func(f facts) {
				f.Limits.WhenInUse, f.Limits.MaxRestartsPerStation = kms.SkipWhenInUse, 10
				f.Host.Host.Products[0].Count = new(25)
				for i := range f.Members {
					f.Members[i].Presence = &kms.Presence{User: "erika"}
				}
			}), "", 0, nil,
		},
		"one that is silent may be restarted": {func(f facts) { f.Members[0] = silent("PC01") }, "", 0, nil},
		"a host that was not read":            {func(f facts) { f.Host = nil; f.Limits.MaxRestartsPerStation = 1 }, "", 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := classroom()
			tt.change(&f)
			findings := pool.Preflight(f)
			if tt.kind == "" {
				if len(findings) > 0 {
					t.Errorf("found: %v", findings)
				}
				return
			}
			if len(findings) != 1 || findings[0].Kind != tt.kind || findings[0].Severity != tt.severity {
				t.Fatalf("found: %v", findings)
			}
			for _, said := range tt.says {
				if !strings.Contains(findings[0].Summary+"\n"+findings[0].Detail, said) {
					t.Errorf("it does not say %q:\n%s\n%s", said, findings[0].Summary, findings[0].Detail)
				}
			}
		})
	}
}

func TestEverythingIsFoundTogetherTheWorstFirst(t *testing.T) {
	t.Parallel()
	f := classroom()
	f.Wanted.Thresholds = map[kms.Product]int{kms.Windows: 50, kms.Office: 5}
	f.Host.Host.Products[0].Status = kms.Unlicensed
	f.Members[0].Station.Licences = []kms.Licence{licence(kms.Windows, "OEM:DM", kms.Licensed)}
	f.Members[1].Station.Now = f.Host.Now.Add(-6 * time.Hour)
	f.Members[2].Station.CMID = f.Members[1].Station.CMID
	f.Members[2].Station.KMSHost = "kms02.schule.example"
	f.Discovery = inDNS("kms02.schule.example", "kms03.schule.example")
	f.Port = errors.New("i/o timeout")
	var kinds []pool.FindingKind
	errs := 0
	findings := pool.Preflight(f)
	for _, found := range findings {
		kinds = append(kinds, found.Kind)
		if found.Severity == pool.Error {
			errs++
		}
		if found.Summary == "" || found.Detail == "" {
			t.Errorf("%s says nothing", found.Kind)
		}
	}
	want := []pool.FindingKind{
		pool.KeyInactive, pool.KeyMissing,
		pool.NeverCounted, pool.SeveralHosts, pool.NotInDNS, pool.SeveralInDNS, pool.PortClosed,
		pool.ClocksApart, pool.SharedCMID, pool.TooFewPossible,
	}
	if !slices.Equal(kinds, want) || errs != 2 {
		t.Errorf("found %q (%d errors), want %q", kinds, errs, want)
	}
}

func place(name string) *time.Location {
	location, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return location
}
