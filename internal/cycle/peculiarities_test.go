package cycle_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// peculiarities are written from what is documented of KMS, WinRM and real sites, not from
// what the cycle can do.
var peculiarities = []peculiarity{
	{"stations that never reach the KMS host", goesWrong(func(t *rapid.T) world.Fault {
		return lasting(t, world.Fault{Name: world.RequestFails, Code: codeOf(t, outOfReach)})
	})},
	{"stations that do not reach the KMS host for a while", goesWrong(func(t *rapid.T) world.Fault {
		return passing(t, world.Fault{Name: world.RequestFails, Code: codeOf(t, outOfReach)})
	})},
	{"Activate fails for ever", goesWrong(func(t *rapid.T) world.Fault {
		return lasting(t, world.Fault{Name: world.ActivateFails, Code: codeOf(t, failing)})
	})},
	{"Activate fails at first", goesWrong(func(t *rapid.T) world.Fault {
		return world.Fault{Name: world.ActivateFails, Code: codeOf(t, failing), Times: rapid.IntRange(1, 3).Draw(t, "times")}
	})},
	{"Activate takes its time", goesWrong(func(t *rapid.T) world.Fault {
		return world.Fault{Name: world.SlowActivate, By: seconds(t, 5, 90, "takes"), Probability: rapid.SampledFrom([]float64{0, 0.5}).Draw(t, "now and then")}
	})},
	{"Activate does nothing", goesWrong(func(t *rapid.T) world.Fault { return world.Fault{Name: world.ActivateIgnored} })},
	{"the host refuses a product", goesWrong(func(t *rapid.T) world.Fault {
		return world.Fault{Name: world.RequestRefused, Of: rapid.SampledFrom([]string{"", "office", "windows"}).Draw(t, "of"),
			Code: codeOf(t, []world.Code{0xC004F042, 0xC004F041, 0xC004ABCD})}
	})},
	{"clocks 5 hours off", each(func(t *rapid.T, _ *scenario, d *world.Station) {
		d.Skew = rapid.SampledFrom([]time.Duration{5 * time.Hour, -5 * time.Hour}).Draw(t, "off by")
	})},
	{"clocks that are set meanwhile", goesWrong(func(t *rapid.T) world.Fault {
		return passing(t, world.Fault{Name: world.ClockSkew, By: seconds(t, -20000, 20000, "set by")})
	})},
	{"one client machine id for Windows and Office", each(func(t *rapid.T, s *scenario, d *world.Station) {
		withOffice(s, d, seconds(t, 0, 60, "Office asks"), "office-2024")
		d.Image.OneCMID = true
	})},
	{"Office asks before Windows", each(func(t *rapid.T, s *scenario, d *world.Station) {
		timing := *d.Timing
		timing.Ask = seconds(t, 30, 100, "Windows asks")
		d.Timing = &timing
		withOffice(s, d, 0, "office-2024")
	})},
	{"Office asks late or never", each(func(t *rapid.T, s *scenario, d *world.Station) {
		withOffice(s, d, rapid.SampledFrom([]time.Duration{-1, 5 * time.Minute, 20 * time.Minute}).Draw(t, "Office asks"), "office-2024")
	})},
	{"several products of a family", each(func(t *rapid.T, s *scenario, d *world.Station) {
		withOffice(s, d, -1, rapid.Permutation([]string{"office-2019", "office-2024", "visio-2024"}).Draw(t, "order")...)
	})},
	{"servers only", func(t *rapid.T, s *scenario) {
		for i := range s.Site.Stations {
			s.Site.Stations[i].Products = []world.Product{{Title: "windows-server-2022"}}
		}
		delete(s.Thresholds, kms.Office)
		s.Site.Host.Keys[0].Counted = []world.Counted{{Number: rapid.IntRange(0, 12).Draw(t, "servers counted"), Age: time.Hour, Over: time.Hour, Threshold: 5}}
		s.Thresholds[kms.Windows] = rapid.SampledFrom([]int{5, 8, 12, 25}).Draw(t, "of servers")
	}},
	{"servers among clients", each(func(_ *rapid.T, _ *scenario, d *world.Station) {
		d.Products = []world.Product{{Title: "windows-server-2022"}}
	})},
	{"a host that was restarted", func(t *rapid.T, s *scenario) {
		s.Site.Host.Forgets, s.Site.Host.Uptime = true, rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 10 * 24 * time.Hour}).Draw(t, "host's uptime")
	}},
	{"a host that is restarted meanwhile", func(t *rapid.T, s *scenario) {
		s.Site.Host.Forgets = true
		s.Site.Faults = append(s.Site.Faults, world.Fault{Name: world.PowerCut, On: []string{"kms01"}, After: seconds(t, 1, 600, "after"), For: seconds(t, 10, 300, "for")})
	}},
	{"a log cut short", func(t *rapid.T, s *scenario) {
		s.Site.Host.LogSize = rapid.IntRange(1, 6).Draw(t, "log size")
		for i := range s.Site.Host.Keys[0].Counted {
			s.Site.Host.Keys[0].Counted[i].Unlogged = rapid.Bool().Draw(t, "unlogged")
		}
	}},
	{"a log that loses records", atHost(func(t *rapid.T) world.Fault {
		return world.Fault{Name: world.LogLost, After: seconds(t, 0, 900, "after"), Number: rapid.IntRange(0, 3).Draw(t, "number")}
	})},
	{"a shutdown that others scheduled", goesWrong(func(t *rapid.T) world.Fault {
		return lasting(t, world.Fault{Name: rapid.SampledFrom([]world.FaultName{world.ShutdownScheduled, world.RestartScheduled}).Draw(t, "what"), By: seconds(t, 30, 30000, "ahead")})
	})},
	{"commands to restart that Windows refuses", goesWrong(func(t *rapid.T) world.Fault {
		return lasting(t, world.Fault{Name: world.RestartFails, Times: rapid.IntRange(0, 3).Draw(t, "times"), Code: codeOf(t, []world.Code{0, 5, 21, 1115, 1191, 1722, 1234})})
	})},
	{"names that lead nowhere", each(func(_ *rapid.T, _ *scenario, d *world.Station) { d.Unresolved = true })},
	{"two names of one machine", func(t *rapid.T, s *scenario) {
		d := &s.Site.Stations[rapid.IntRange(0, len(s.Site.Stations)-1).Draw(t, "which")]
		d.Aliases = []string{d.Name + ".schule.example"}
	}},
	{"sessions of others", each(func(t *rapid.T, _ *scenario, d *world.Station) {
		if !d.Off {
			d.Sessions, d.Explorers = rapid.IntRange(1, 3).Draw(t, "sessions"), 2
		}
	})},
	{"users who come and go", func(t *rapid.T, s *scenario) {
		for range rapid.IntRange(2, 6).Draw(t, "users") {
			s.Site.Faults = append(s.Site.Faults, world.Fault{Name: world.UserLogsOn, On: some(t, s), After: seconds(t, 0, 900, "comes"), For: seconds(t, 10, 400, "stays")})
		}
	}},
	{"an image that keeps its id now and then", goesWrong(func(t *rapid.T) world.Fault {
		return world.Fault{Name: world.SameCMID, Probability: rapid.SampledFrom([]float64{0.2, 0.5, 0.9}).Draw(t, "how often")}
	})},
	{"images that keep their id", each(func(_ *rapid.T, _ *scenario, d *world.Station) { d.Image.KeepsCMID = true })},
	{"stations that come back without services", goesWrong(func(t *rapid.T) world.Fault {
		return world.Fault{
			Name: rapid.SampledFrom([]world.FaultName{world.NoServices, world.NetlogonHangs}).Draw(t, "what"),
			By:   seconds(t, 0, 1200, "longer by"), Times: rapid.IntRange(0, 1).Draw(t, "times"),
		}
	})},
	{"channels that no KMS host counts", each(func(t *rapid.T, _ *scenario, d *world.Station) {
		by := rapid.SampledFrom([]catalogue.Means{catalogue.ByEvaluation, catalogue.BySubscription, catalogue.ByVirtualMachine, catalogue.ByOther, catalogue.ByRetail}).Draw(t, "by")
		d.Products = []world.Product{{Title: "windows-11-education", By: by, Unlicensed: rapid.Bool().Draw(t, "unlicensed")}}
	})},
	{"a KMS service that is away for a while", atHost(func(t *rapid.T) world.Fault { return passing(t, world.Fault{Name: world.KMSAway}) })},
	{"a KMS service that is away for ever", atHost(func(t *rapid.T) world.Fault { return lasting(t, world.Fault{Name: world.KMSAway}) })},
	{"a KMS host that is lost", atHost(func(t *rapid.T) world.Fault {
		return lasting(t, world.Fault{Name: rapid.SampledFrom([]world.FaultName{world.Refuses, world.HalfOpen, world.Unavailable}).Draw(t, "how")})
	})},
	{"a KMS host that is lost for a while", atHost(func(t *rapid.T) world.Fault {
		return passing(t, world.Fault{Name: rapid.SampledFrom([]world.FaultName{world.Refuses, world.PowerCut, world.HalfOpen}).Draw(t, "how")})
	})},
	{"a KMS host that refuses the account", atHost(func(t *rapid.T) world.Fault {
		return lasting(t, world.Fault{Name: world.Denied, Of: rapid.SampledFrom([]string{"", "counted", "host"}).Draw(t, "of")})
	})},
	{"a count that falls", atHost(func(t *rapid.T) world.Fault {
		return world.Fault{Name: world.CountFalls, After: seconds(t, 1, 900, "after"), Number: rapid.IntRange(0, 5).Draw(t, "number")}
	})},
	{"members that are silent from the first", func(t *rapid.T, s *scenario) {
		silent := some(t, s)
		for i := range s.Site.Stations {
			if d := &s.Site.Stations[i]; slices.Contains(silent, d.Name) && len(silent) < len(s.Site.Stations) {
				d.Off, d.User, d.Sessions = true, "", 0
			}
		}
		s.Limits.Wake = s.Limits.Wake && rapid.Bool().Draw(t, "woken")
	}},
	{"members that refuse connections", goesWrong(func(t *rapid.T) world.Fault { return lasting(t, world.Fault{Name: world.Refuses}) })},
	{"stations that ask another KMS host", each(func(_ *rapid.T, _ *scenario, d *world.Station) { d.OtherHost = "kms.other.example" })},
	{"slow answers", goesWrong(func(t *rapid.T) world.Fault {
		return world.Fault{Name: world.SlowAnswer, By: seconds(t, 1, 55, "takes"), Probability: rapid.SampledFrom([]float64{0, 0.1, 0.5}).Draw(t, "how often")}
	})},
	{"starts a moment before the cycle", each(func(t *rapid.T, _ *scenario, d *world.Station) { d.Uptime = seconds(t, 20, 170, "up for") })},
	{"commands whose answers are lost", goesWrong(func(t *rapid.T) world.Fault {
		return world.Fault{
			Name: rapid.SampledFrom([]world.FaultName{world.Drops, world.EmptyBody, world.TruncatedXML, world.Garbage}).Draw(t, "how"),
			Of:   rapid.SampledFrom([]string{world.AboutRestart, world.AboutActivate}).Draw(t, "of"), Probability: rapid.SampledFrom([]float64{0, 0.5}).Draw(t, "how often"),
		}
	})},
}
