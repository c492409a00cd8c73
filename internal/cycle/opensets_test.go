package cycle_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

// openSets are sites outside every list: what was seen of a cycle there, by its name.
func openSets() map[string]story {
	all := map[string]story{
		"one station cannot reach the KMS host":    cutOff(world.Fault{Name: world.RequestFails}),
		"one station's clock is 5 hours ahead":     cutOff(world.Fault{Name: world.ClockSkew, By: 5 * time.Hour}),
		"one station's clock is 5 hours late":      cutOff(world.Fault{Name: world.ClockSkew, By: -5 * time.Hour}),
		"one station finds no host in DNS":         cutOff(world.Fault{Name: world.RequestFails, Code: 0x80092328}),
		"one station's Activate fails at once":     cutOff(world.Fault{Name: world.ActivateFails, Code: 0x8007000D}),
		"one station's Activate fails oddly":       cutOff(world.Fault{Name: world.ActivateFails, Code: 0x80070216}),
		"one station's Activate fails with news":   cutOff(world.Fault{Name: world.ActivateFails, Code: 0xC004FABC}),
		"no station can reach the KMS host":        allCutOff(world.Fault{Name: world.RequestFails}, "0xC004F074"),
		"the KMS service is away":                  allCutOff(world.Fault{Name: world.KMSAway}, "0xC004F074"),
		"Activate fails everywhere":                allCutOff(world.Fault{Name: world.ActivateFails, Code: 0x8007000D}, "0x8007000D"),
		"the threshold holds and one is cut off":   holdsAlready(),
		"members that run Windows Server only":     serversOnly(),
		"two Office products, the first refused":   twoOffices("office-2019", "office-2024"),
		"two Office products, the second refused":  twoOffices("office-2024", "office-2019"),
		"the KMS host is lost in mid-apply":        hostLost(),
		"a restart that Windows refuses":           restartRefused(),
		"two of five are off":                      twoAway(func(s *world.Station) { s.Off = true }),
		"two of five have names that lead nowhere": twoAway(func(s *world.Station) { s.Unresolved = true }),
		"an image that keeps its id, with ids of earlier days in the log": keepsID(func(s *world.Station) {
			s.Earlier = []time.Duration{20 * 24 * time.Hour, 25 * 24 * time.Hour}
		}),
		"an image that keeps its ids, with Office": keepsID(func(s *world.Station) {
			s.Products = []world.Product{{Title: "windows-11-education"}, {Title: "office-2024"}}
		}),
		"a shutdown that somebody else scheduled on one":  scheduledElsewhere([]string{"PC01"}),
		"shutdowns that somebody else scheduled on all":   scheduledElsewhere([]string{"PC01", "PC02", "PC03", "PC04", "PC05"}),
		"one machine under two names":                     twoNames(),
		"the threshold holds and nobody is licensed":      nobodyLicensed(),
		"a clock set forward beside a shutdown of others": clockForward(),
	}
	for _, on := range []int{5, 2, 0} {
		for _, one := range []bool{true, false} {
			for how, asks := range map[string]time.Duration{"first": 0, "later": 90 * time.Second, "never": -1} {
				for _, managed := range []bool{true, false} {
					if on == 0 && (how != "first" || one) || managed && on < 5 {
						continue
					}
					all[fmt.Sprintf("Office on %d of 5, one id %t, asks %s, managed %t", on, one, how, managed)] = withOfficeOn(on, one, asks, managed)
				}
			}
		}
	}
	return all
}

func holdsAlready() story {
	site := room(5, nil)
	site.Host = counted(30)
	site.Faults = []world.Fault{{Name: world.RequestFails, On: []string{"PC03"}}}
	return story{site: site, holds: func(told *telling) {
		told.want(told.err == nil && told.restarts("") == 0 && told.took < 15*time.Minute, "%v after %s, %d restarts", told.err, told.took, told.restarts(""))
	}}
}

func serversOnly() story {
	site := room(5, func(_ int, s *world.Station) { s.Products = []world.Product{{Title: "windows-server-2022"}} })
	return story{site: site, holds: func(told *telling) {
		told.want(told.restarts("") == 0, "%d restarts towards a count that ends at 10", told.restarts(""))
		told.want(told.err != nil && strings.Contains(told.err.Error(), "10"), "it does not name the ceiling: %v", told.err)
		told.want(told.err != nil && !strings.Contains(told.err.Error(), "max_restarts"), "it advises what cannot help: %v", told.err)
	}}
}

func twoOffices(first, second string) story {
	site := room(5, func(_ int, s *world.Station) {
		s.Products = []world.Product{{Title: "windows-11-education"}, {Title: first}, {Title: second}}
	})
	site.Host = counted(25)
	site.Host.Keys = append(site.Host.Keys, world.Key{Key: "office-2024"})
	return story{site: site, job: func(j *cycle.Job) { j.Thresholds = map[kms.Product]int{kms.Office: 5} }, holds: func(told *telling) {
		told.want(told.err == nil && told.result.Counts[kms.Office] == 5, "counts %v, %v", told.result.Counts, told.err)
		told.want(told.restarts("") == 0, "%d restarts where asking was enough", told.restarts(""))
	}}
}

func hostLost() story {
	site := room(5, nil)
	site.Faults = []world.Fault{{Name: world.Refuses, On: []string{"kms01"}, After: 70 * time.Second}}
	return story{site: site, holds: func(told *telling) {
		var unreadable *outcome.HostUnreadable
		told.want(errors.As(told.err, &unreadable), "it ends with %v", told.err)
		told.want(told.result.Counts[kms.Windows] >= 5, "the counts that were read are %v", told.result.Counts)
		told.want(told.took < 20*time.Minute, "it took %s", told.took)
	}}
}

func restartRefused() story {
	site := room(5, func(_ int, s *world.Station) { s.Counted = true })
	site.Faults = []world.Fault{{Name: world.RestartFails, Code: 5}}
	return story{site: site, holds: func(told *telling) {
		told.want(told.result.Restarts == 0 && told.restarts("") == 0, "%d restarts are told, %d were made", told.result.Restarts, told.restarts(""))
		told.want(told.err != nil && told.took < 16*time.Minute, "%v after %s", told.err, told.took)
	}}
}

// twoAway: the other three go on at once.
func twoAway(how func(*world.Station)) story {
	site := room(5, func(i int, s *world.Station) {
		s.Uptime = 3 * time.Hour
		if i < 2 {
			how(s)
		}
	})
	return story{site: site, job: func(j *cycle.Job) { j.Limits = pool.Limits{StationTimeout: 3 * time.Minute} }, holds: func(told *telling) {
		told.want(told.err == nil && told.result.Counts[kms.Windows] == 25, "counts %v, %v", told.result.Counts, told.err)
		// Three stations, of 22 restarts the canary's alone and the rest side by side.
		told.want(told.took < 11*time.Minute, "it took %s", told.took)
	}}
}

func keepsID(more func(*world.Station)) story {
	site := room(5, func(_ int, s *world.Station) {
		s.Image.KeepsCMID = true
		more(s)
	})
	site.Host.Keys = []world.Key{{Key: "windows"}, {Key: "office-2024"}}
	return story{site: site, holds: func(told *telling) {
		var same *outcome.SameCMID
		told.want(errors.As(told.err, &same), "it ends with %v", told.err)
		told.want(told.restarts("") == 1, "%d restarts where one shows it", told.restarts(""))
	}}
}

func scheduledElsewhere(on []string) story {
	site := room(5, func(_ int, s *world.Station) { s.Uptime = time.Hour })
	site.Faults = []world.Fault{{Name: world.ShutdownScheduled, On: on, By: 9 * time.Hour}}
	return story{site: site, holds: func(told *telling) {
		if len(on) < len(site.Stations) {
			told.want(told.err == nil && told.result.Counts[kms.Windows] == 25, "counts %v, %v", told.result.Counts, told.err)
			told.want(told.took < 11*time.Minute, "it took %s", told.took)
		} else {
			told.want(told.err != nil && told.took < 5*time.Minute, "%v after %s", told.err, told.took)
		}
		told.want(told.restarts("") == told.result.Restarts, "%d restarts are told, %d were made", told.result.Restarts, told.restarts(""))
		for _, name := range on {
			told.want(told.result.ByStation[name].Restarts == 0, "%s: %+v", name, told.result.ByStation[name])
			told.leftOut(name, "shutdown")
		}
	}}
}

func twoNames() story {
	site := room(5, nil)
	site.Stations[0].Aliases = []string{"PC01.schule.example"}
	return story{site: site, aliases: true, job: func(j *cycle.Job) { j.Limits = pool.Limits{MaxRestartsPerStation: 5} }, holds: func(told *telling) {
		told.want(told.err == nil && told.restarts("") == 20, "%d restarts, %v", told.restarts(""), told.err)
		told.want(told.restarts("PC01") <= 5, "PC01 is restarted %d times", told.restarts("PC01"))
		told.want(told.result.Restarts == told.restarts(""), "%d restarts are told, %d were made", told.result.Restarts, told.restarts(""))
	}}
}

func nobodyLicensed() story {
	site := room(5, nil)
	site.Host = counted(30)
	return story{site: site, holds: func(told *telling) {
		licensed := 0
		for _, s := range told.site.State().Stations {
			if s.Products[0].Status == kms.Licensed.String() {
				licensed++
			}
		}
		told.want(told.err == nil && licensed == 5 && told.restarts("") == 0, "%d of 5 are licensed after %d restarts, %v", licensed, told.restarts(""), told.err)
	}}
}

func clockForward() story {
	site := room(2, func(_ int, s *world.Station) { s.Uptime, s.Counted = 10*time.Minute, true })
	site.Host = counted(22)
	site.Faults = []world.Fault{
		{Name: world.ShutdownScheduled, On: []string{"PC01"}, By: 9 * time.Hour},
		{Name: world.ClockSkew, On: []string{"PC01"}, After: 20 * time.Second, By: 3 * time.Hour},
	}
	return story{site: site, holds: func(told *telling) {
		told.want(!slices.ContainsFunc(told.events, func(e outcome.Event) bool { return e.Station == "PC01" && e.Kind == outcome.KindBack }), "PC01 is said to be back from a restart that it never made")
		told.want(told.result.ByStation["PC01"].Restarts == 0, "PC01: %+v", told.result.ByStation["PC01"])
	}}
}
