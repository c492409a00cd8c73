package activationpool

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
)

func setThresholds(t *testing.T, set map[kms.Product]int) func(*room) {
	return func(r *room) { r.pool = func(m *model) { m.Thresholds = thresholds(t, set) } }
}

func each(change func(*world.Station)) func(*room) {
	return func(r *room) {
		for i := range r.Stations {
			change(&r.Stations[i])
		}
	}
}

func one(station int, change func(*world.Station)) func(*room) {
	return func(r *room) { change(&r.Stations[station]) }
}

func all(changes ...func(*room)) func(*room) {
	return func(r *room) {
		for _, change := range changes {
			change(r)
		}
	}
}

func fault(f world.Fault) func(*room) {
	return func(r *room) { r.Faults = append(r.Faults, f) }
}

func without(r *room) { r.Faults = nil }

func counts(change func(*cycleModel)) func(*room) { return func(r *room) { r.cycle = change } }

func inAPIMode(r *room) { r.api = true }

func unplanned(r *room) { r.unplanned = true }

func more(r *room) { r.Stations = world.Rows(6, world.Station{Name: "PC%02d"}) }

func office(r *room) {
	r.Host.Keys = append(r.Host.Keys, world.Key{Key: "office-2024", Counted: []world.Counted{{Number: 5, Age: time.Hour}}})
}

func patience(d time.Duration) func(*cycleModel) {
	return func(m *cycleModel) { m.StationTimeout = tfduration.Of(d) }
}

// opens has the window open for some minutes of each day, two hours from now.
func opens(t *testing.T, minutes int) func(*room) {
	return func(r *room) {
		start := time.Now().UTC().Add(2 * time.Hour)
		var days []attr.Value
		for day := range weekdays {
			days = append(days, types.StringValue(day))
		}
		window, diags := types.ObjectValue(windowTypes, map[string]attr.Value{
			"days": types.SetValueMust(types.StringType, days), "timezone": types.StringValue("UTC"),
			"start": types.StringValue(start.Format("15:04")), "end": types.StringValue(start.Add(time.Duration(minutes) * time.Minute).Format("15:04")),
		})
		if diags.HasError() {
			t.Fatal(diags)
		}
		r.pool = func(m *model) { m.Window = window }
	}
}

func atAnyTime(r *room) { r.pool = nil }

// atStation has the pool name a station as its KMS host.
func atStation(t *testing.T) func(*room) {
	return func(r *room) {
		r.pool = func(m *model) {
			var members []string
			if diags := m.Stations.ElementsAs(t.Context(), &members, false); diags.HasError() {
				t.Error(diags)
			}
			m.KMSHost = types.StringValue(members[0])
		}
	}
}

func off(d *world.Station) { d.Off = true }

func on(d *world.Station) { d.Off = false }

func windows(by catalogue.Means) func(*world.Station) {
	return func(d *world.Station) { d.Products = []world.Product{{Title: "windows-11-education", By: by}} }
}

func server(d *world.Station) { d.Products = []world.Product{{Title: "windows-server-2022"}} }

func serversCounted(number int) func(*room) {
	return func(r *room) {
		r.Host.Keys[0].Counted = []world.Counted{{Number: number, Age: time.Hour, Threshold: 5}}
		each(server)(r)
	}
}

func rooms(t *testing.T) map[string]remedied {
	t.Helper()
	few := func(m *cycleModel) { m.MaxRestartsPerStation = types.Int64Value(1) }
	stories := map[string]remedied{
		"no host key": {
			says: []string{"Install the KMS host key for "}, counted: 22,
			broken: all(func(r *room) { r.Host.Keys = nil }, office, setThresholds(t, map[kms.Product]int{kms.Windows: 25})),
			mended: []func(*room){func(r *room) { r.Host.Keys = append(r.Host.Keys, roomOf(22).Host.Keys...) }},
		},
		"no host key for Office": {
			says: []string{"there, or leave the product out with thresholds"}, counted: 22,
			broken: all(each(func(d *world.Station) {
				d.Products = []world.Product{{Title: "windows-11-education"}, {Title: "office-2024"}}
			}), setThresholds(t, map[kms.Product]int{kms.Office: 5})),
			mended: []func(*room){office, setThresholds(t, map[kms.Product]int{kms.Office: 0})},
		},
		"a host key that is not activated": {
			says: []string{"Activate the key on the host, with"}, counted: 22,
			broken: func(r *room) { r.Host.Keys[0].NotActivated = true },
			mended: []func(*room){func(r *room) { r.Host.Keys[0].NotActivated = false }},
		},
		"a machine that is no KMS host": {
			says: []string{"Name the machine that has the key in kms_host"}, counted: 22,
			broken: atStation(t), mended: []func(*room){atAnyTime},
		},
		"a machine that is no KMS host, at an apply": {
			says: []string{"Name the machine that holds the KMS host key in kms_host"}, counted: 22,
			broken: all(unplanned, atStation(t)), mended: []func(*room){atAnyTime},
		},
		"a product that nobody holds": {
			says: []string{"(GVLK) on the members, or leave the product out"}, counted: 22,
			broken: all(func(r *room) { r.Host.Keys = append(r.Host.Keys, world.Key{Key: "office-2024"}) }, setThresholds(t, map[kms.Product]int{kms.Office: 1})),
			mended: []func(*room){setThresholds(t, map[kms.Product]int{kms.Office: 0}), one(0, func(d *world.Station) {
				d.Products = []world.Product{{Title: "windows-11-education"}, {Title: "office-2024"}}
			})},
		},
		"members that can never count": {
			says: []string{"on them, or take them out of stations. CSP licences contain no KMS key"}, counted: 22,
			broken: one(0, windows(catalogue.ByMAK)),
			mended: []func(*room){one(0, windows("")), func(r *room) { r.members = func(m *[]string) { *m = (*m)[1:] } }},
		},
		"members that can never count, at a refresh": {
			says: []string{"client key on them, or take them out of stations."}, counted: 30,
			broken: all(unplanned, one(0, windows(catalogue.ByMAK))),
			mended: []func(*room){one(0, windows("")), func(r *room) { r.members = func(m *[]string) { *m = (*m)[1:] } }},
		},
		"clocks apart": {
			says: []string{"The host refuses their requests (0xC004F06C)", "Set the clocks right (w32tm /resync), and the clock in the firmware of"}, counted: 22,
			broken: one(0, func(d *world.Station) { d.Skew = 5 * time.Hour }),
			mended: []func(*room){one(0, func(d *world.Station) { d.Skew = 0 })},
		},
		"members that share an id": {
			says: []string{"Their image was captured without sysprep"}, counted: 20,
			broken: each(func(d *world.Station) { d.Image.CMID = "7f6a1c9e-5f6e-4d47-8c7e-0d2f5b8f7a11" }),
			mended: []func(*room){each(func(d *world.Station) { d.Image.CMID = "" })},
		},
		"an image that keeps its id": {
			says: []string{"and reset their image: the option takes effect only then. Then apply again. Or add members"}, counted: 20,
			broken: each(func(d *world.Station) { d.Image.KeepsCMID = true }),
			mended: []func(*room){each(func(d *world.Station) { d.Image.KeepsCMID = false }), func(r *room) {
				r.Stations = world.Rows(5, world.Station{Name: "PC%02d", Image: world.Image{KeepsCMID: true}})
			}},
		},
		"a new image that keeps the id": {
			says: []string{"A new image has shown the id of the old one."}, counted: 20,
			broken: all(inAPIMode, each(func(d *world.Station) { d.Image.KeepsCMID = true }), counts(func(m *cycleModel) {
				m.Method = types.StringValue(string(resetImage))
			})),
			mended: []func(*room){each(func(d *world.Station) { d.Image.KeepsCMID = false }), func(r *room) {
				r.Stations = world.Rows(5, world.Station{Name: "PC%02d", Image: world.Image{KeepsCMID: true}})
			}},
		},
		"servers below a threshold of clients": {
			says:   []string{"Windows Server is activated from a count of "},
			broken: all(serversCounted(8), setThresholds(t, map[kms.Product]int{kms.Windows: 12})),
			mended: []func(*room){setThresholds(t, map[kms.Product]int{kms.Windows: 5}), one(0, windows(""))},
		},
		"a ceiling that shows late": {
			says:   []string{"More restarts do not help."},
			broken: all(serversCounted(8), one(2, off), setThresholds(t, map[kms.Product]int{kms.Windows: 12}), counts(patience(50*time.Second))),
			mended: []func(*room){setThresholds(t, map[kms.Product]int{kms.Windows: 10})},
		},
		"members in use": {
			says: []string{"Mend what keeps the stations, or add stations to the pool; then apply again."}, counted: 18,
			broken: all(each(func(d *world.Station) { d.User = `SCHULE\\gast` }), counts(func(m *cycleModel) { m.WhenInUse = types.StringValue(string(kms.SkipWhenInUse)) })),
			mended: []func(*room){each(func(d *world.Station) { d.User = "" }), more},
		},
		"restarts that are used up": {
			says: []string{"raise cycle.max_restarts_per_station; then apply again.", "Add members, or raise cycle.max_restarts_per_station."}, counted: 18,
			broken: counts(few),
			mended: []func(*room){counts(func(*cycleModel) {}), more},
		},
		"stations that are off": {
			says: []string{"Switch on the stations that do not answer", ", or set cycle.wake_broadcast, so that an apply does."}, counted: 20,
			broken: all(one(2, off), counts(few)), mended: []func(*room){one(2, on)},
		},
		"stations that are off, which Timago may not wake": {
			says: []string{", or set cycle.wake = true, so that an apply does."}, counted: 20,
			broken: all(inAPIMode, one(2, off), counts(func(m *cycleModel) { few(m); m.Wake = types.BoolValue(false) })),
			mended: []func(*room){one(2, on), counts(few)},
		},
		"too little time for a cycle": {
			says: []string{"Raise timeouts.create and timeouts.update, or apply again"}, counted: 18,
			broken: func(r *room) { r.timeout = 1500 * time.Millisecond }, mended: []func(*room){func(r *room) { r.timeout = time.Minute }},
		},
		"too little time for a read": {
			says: []string{"Raise timeouts.read; where an apply says this"}, counted: 22,
			broken: all(unplanned, func(r *room) { r.timeout = time.Millisecond }), mended: []func(*room){func(r *room) { r.timeout = time.Minute }},
		},
		"a window that is closed": {
			says: []string{"Apply again while the window is open, or change maintenance_window."}, counted: 21,
			broken: opens(t, 60), mended: []func(*room){atAnyTime},
		},
		"a window that no restart fits into": {
			says: []string{"Make maintenance_window longer than"}, counted: 21,
			broken: opens(t, 1), mended: []func(*room){atAnyTime},
		},
		"a window that is too short": {
			says: []string{"Make maintenance_window longer, or", "add stations"}, counted: 15,
			broken: opens(t, 7), mended: []func(*room){atAnyTime},
		},
		"a window that is too short for one at a time": {
			says: []string{"Make maintenance_window longer, or", "raise cycle.max_parallel"}, counted: 17,
			broken: all(opens(t, 10), counts(func(m *cycleModel) { m.MaxParallel = types.Int64Value(1) })), mended: []func(*room){atAnyTime},
		},
		"a station that never comes back": {
			says: []string{"See on the screen of a station that did not come back what keeps it."}, counted: 20,
			broken: all(each(func(d *world.Station) { d.Counted = true }), fault(world.Fault{Name: world.NeverComesBack, On: []string{"PC01"}})),
			mended: []func(*room){without},
		},
		"a station that does not exist": {
			says: []string{"Take stations that no longer exist out of stations"}, counted: 22,
			broken: all(inAPIMode, func(r *room) { r.members = func(m *[]string) { *m = append(*m, "PC99") } }),
			mended: []func(*room){func(r *room) { r.members = nil }},
		},
		"a station that is named twice": {
			says: []string{"Leave all but one of its names out of stations."}, counted: 22,
			broken: all(inAPIMode, func(r *room) { r.members = func(m *[]string) { *m = append(*m, "pc01") } }),
			mended: []func(*room){func(r *room) { r.members = nil }},
		},
		"a machine under two names": {
			says: []string{"Where a machine has several names, leave all but one out of stations."}, counted: 22,
			broken: one(0, func(d *world.Station) { d.Aliases = []string{"PC01.schule.example"} }),
			mended: []func(*room){func(r *room) { r.members = func(m *[]string) { *m = (*m)[:3] } }},
		},
		"a name that DNS does not know": {
			says: []string{"set winrm.domain_suffix in the provider block where they lack"}, counted: 23,
			broken: one(2, func(d *world.Station) { d.Unresolved = true }), mended: []func(*room){one(2, func(d *world.Station) { d.Unresolved = false })},
		},
		"nothing to show without Windows": {
			says: []string{"Leave a threshold out or set it above 0, or set winrm"}, counted: 30,
			broken: all(inAPIMode, each(func(d *world.Station) { d.Licensed = true }), func(r *room) { r.set = func(c *site.Config) { c.WinRM = nil } }, setThresholds(t, map[kms.Product]int{kms.Windows: 0})),
			mended: []func(*room){atAnyTime, setThresholds(t, map[kms.Product]int{kms.Windows: 25})},
		},
		"no KMS host is known": {
			says: []string{"Set kms.host in the provider block or kms_host of the pool"}, counted: 30,
			broken: all(each(off), func(r *room) { r.set = func(c *site.Config) { c.KMSHost = "" } }, setThresholds(t, map[kms.Product]int{kms.Windows: 25})),
			mended: []func(*room){func(r *room) { r.set = nil }},
		},
		"nobody answers": {
			says: []string{"Switch on the stations that do not answer and try again, or set thresholds."}, counted: 30,
			broken: each(off), mended: []func(*room){each(on), setThresholds(t, map[kms.Product]int{kms.Windows: 25})},
		},
		"what members hold is left out": {
			says: []string{"Leave the threshold of what members hold out or set it above 0"}, counted: 22,
			broken: all(office, setThresholds(t, map[kms.Product]int{kms.Windows: 0})),
			mended: []func(*room){atAnyTime, setThresholds(t, map[kms.Product]int{kms.Windows: 25})},
		},
		"a host that counts nothing of what members hold": {
			says: []string{"on the stations, and on the KMS host the host key for what they hold."}, counted: 22,
			broken: all(func(r *room) { r.Host.Keys = nil }, office),
			mended: []func(*room){func(r *room) { r.Host.Keys = append(r.Host.Keys, roomOf(22).Host.Keys...) }},
		},
		"a host that refuses the account, and no answers of it": {
			says: []string{"Set what is to hold: thresholds =", "Or give an account that may read the KMS host in kms.winrm"}, counted: 22,
			broken: fault(world.Fault{Name: world.Denied, On: []string{"kms01"}}),
			mended: []func(*room){setThresholds(t, map[kms.Product]int{kms.Windows: 25}), without},
		},
		"a host that refuses the account": {
			says: []string{"To have the host read, give an account for it in kms.winrm."}, counted: 22,
			broken: all(fault(world.Fault{Name: world.Denied, On: []string{"kms01"}}), setThresholds(t, map[kms.Product]int{kms.Windows: 25})),
			mended: []func(*room){without},
		},
		"counts of stations that are all off": {
			says: []string{"Switch some of the stations on."}, counted: 22,
			broken: all(each(off), func(r *room) { r.set = func(c *site.Config) { c.CountSource = kms.CountStations } }, setThresholds(t, map[kms.Product]int{kms.Windows: 25})),
			mended: []func(*room){each(on)},
		},
		"images that are not made yet": {
			says: []string{"A timago_station_kms sets the option and resets the image."}, counted: 22,
			broken: all(inAPIMode, one(0, func(d *world.Station) {
				set := true
				d.Image.WithoutKMS, d.Image.Option = true, &set
			})),
			mended: []func(*room){one(0, func(d *world.Station) { d.Image.WithoutKMS = false })},
		},
		"a KMS service that is away": {
			says: []string{"Stations that cannot reach it either are not counted (0xC004F074).", "See that the stations reach the KMS host's TCP port 1688"}, counted: 22,
			broken: fault(world.Fault{Name: world.KMSAway, On: []string{"kms01"}}), mended: []func(*room){without},
		},
		"members that ask several hosts": {
			says: []string{"Let all ask one host"}, counted: 22,
			broken: one(0, func(d *world.Station) { d.OtherHost = "kms.other.example" }),
			mended: []func(*room){one(0, func(d *world.Station) { d.OtherHost = "" })},
		},
	}
	for code, says := range map[world.Code]string{
		0xC004F041: "Activate the KMS host's own key", 0xC004F042: "Install a KMS host key that covers the product",
		0xC004F035: "Put these stations under a qualifying base licence", 0xC004F050: "Install the product's KMS client key",
		0xC004F069: "Install the KMS client key (GVLK) of the edition", 0x8007232B: "Publish the KMS host in DNS by one record",
		0x80070005: "See that the account is an administrator", 0x8007000D: "Install the newest updates on the KMS host",
		0x8004E108: "Mend the stations' licensing store: slmgr /rilc",
	} {
		stories[fmt.Sprintf("refused with 0x%08X", uint32(code))] = remedied{
			says: []string{says}, counted: 22,
			broken: fault(world.Fault{Name: world.ActivateFails, Code: code}), mended: []func(*room){without},
		}
	}
	return stories
}
