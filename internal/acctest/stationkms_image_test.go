package acctest_test

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const (
	// slow is a speed at which no image starts while a test runs, however slow the machine:
	// an image of five minutes would take two and a half.
	slow = 2
	// tillStarted is longer than any image takes.
	tillStarted = 30 * time.Minute
)

func TestTheImageIsWaitedFor(t *testing.T) {
	t.Parallel()
	beforeBothServers(t, acctest.Room(2, without), acctest.Speed, func(t *testing.T, p part) {
		if outcome := p.Apply(); outcome.Contains("have not started yet") {
			t.Errorf("it warns of what it has waited for:\n%s", outcome.Output)
		}
		p.shows(map[string]any{"effective": true})
		if options := p.Asked(patches); options != 2 || p.Images(first) != 1 || p.Images("R101-PC02") != 1 {
			t.Errorf("%d options were set, and %d and %d images were made, want one of each for both stations", options, p.Images(first), p.Images("R101-PC02"))
		}
	}, "wait_for_image = true")
}

func TestAWaitThatRunsOutIsNoFailure(t *testing.T) {
	t.Parallel()
	p := takePartAt(t, acctest.Room(1, without), slow, "wait_for_image = true", `timeouts = { create = "10s" }`)
	outcome, said := p.Diagnostics("apply", "-auto-approve")
	want := "warning: Unable to see the new image start on station R101-PC01\n" +
		`The option "KMS-Aktivierung" of Windows 11 is on; its image was made otherwise, so effective is false. ` +
		"Timago has taken the command to reset it, and it was waited for.\n\ncontext deadline exceeded\n\n" +
		"Look at the station, raise timeouts, or apply again: the same image is not reset twice."
	if outcome.Exit != 0 || len(said) != 1 || p.comparable(said[0]) != want {
		t.Errorf("exit %d, %q", outcome.Exit, said)
	}
	p.shows(map[string]any{"effective": false})
	p.configure()
	p.Plan(2) // the image is still to come
	p.apply() // and is not reset again
	p.World.Advance(tillStarted)
	p.Plan(0)
	if p.Images(first) != 1 {
		t.Errorf("%d images were made, want 1", p.Images(first))
	}
}

func TestNoImageIsResetUnderAUser(t *testing.T) {
	t.Parallel()
	beforeBothServers(t, acctest.Room(1, without), acctest.Speed, func(t *testing.T, p part) {
		p.LogOn(first, `SCHULE\erika`)
		outcome, said := p.Diagnostics("apply", "-auto-approve")
		const want = cannotReset + "\n\n" + `SCHULE\erika is logged on` + "\n\n" +
			`The next apply resets the image once nobody is logged on. With when_in_use = "force" it is reset under the user, who loses unsaved work.`
		if outcome.Exit != 0 || len(said) != 1 || p.comparable(said[0]) != want {
			t.Errorf("exit %d, %q", outcome.Exit, said)
		}
		p.shows(map[string]any{"effective": false})
		p.Plan(2)
		if p.Images(first) != 0 || p.Asked("POST /commands") != 0 {
			t.Errorf("%d images, %d commands under a user", p.Images(first), p.Asked("POST /commands"))
		}
		p.LogOff(first)
		p.configure("wait_for_image = true")
		p.Apply()
		p.shows(map[string]any{"effective": true})
	})
}

func TestAUserInTheLastMomentIsSeenByTheServer(t *testing.T) {
	t.Parallel()
	p := takePart(t, acctest.Room(1, without))
	p.Inject(world.Fault{Name: world.UserBeforeRestart, On: []string{first}, User: `SCHULE\max`})
	outcome, said := p.Diagnostics("apply", "-auto-approve")
	p.Saw(world.UserBeforeRestart)
	const want = cannotReset + "\n\n" + `SCHULE\max is logged on` + "\n\n" +
		`The next apply resets the image once nobody is logged on. With when_in_use = "force" it is reset under the user, who loses unsaved work.`
	if outcome.Exit != 0 || len(said) != 1 || p.comparable(said[0]) != want {
		t.Errorf("exit %d, %q", outcome.Exit, said)
	}
	p.World.Heal(world.UserBeforeRestart)
	if p.Images(first) != 0 {
		t.Error("the image was reset under the user")
	}
	p.configure(`when_in_use = "force"`, "wait_for_image = true")
	p.Apply()
	if p.Images(first) != 1 {
		t.Errorf("%d images were made, want 1", p.Images(first))
	}
}

func TestWaitingForTheImageWaitsForTheUser(t *testing.T) {
	t.Parallel()
	beforeBothServers(t, acctest.Room(1, without), acctest.Speed, func(t *testing.T, p part) {
		p.LogOn(first, `SCHULE\erika`)
		running := p.Start("apply", "-auto-approve", "-no-color")
		p.Until("the option is on", func() bool { return p.Station(first).Systems[0].Option })
		p.LogOff(first)
		if outcome := running.Wait(); outcome.Exit != 0 || outcome.Contains("Unable to") {
			t.Errorf("exit %d:\n%s", outcome.Exit, outcome.Output)
		}
		p.Plan(0)
		p.shows(map[string]any{"effective": true})
	}, "wait_for_image = true")
}

func TestAnImageThatFailsIsMadeByTheNextApply(t *testing.T) {
	t.Parallel()
	p := takePart(t, acctest.Room(1, without), "wait_for_image = true")
	p.Inject(world.Fault{Name: world.ImageFails, On: []string{first}, Times: 1})
	outcome, said := p.Diagnostics("apply", "-auto-approve")
	p.Saw(world.ImageFails)
	const want = cannotReset + "\n\nTimago did not carry out reset_image on R101-PC01: failed (image_failed): it started from the old image" +
		"\n\nTimago could not make the image: look at the station and its image server in Timago, then apply again."
	if outcome.Exit != 0 || len(said) != 1 || p.comparable(said[0]) != want {
		t.Errorf("exit %d, %q", outcome.Exit, said)
	}
	p.shows(map[string]any{"effective": false})
	p.Apply()
	p.shows(map[string]any{"effective": true})
}

func TestATaintedStationIsResetOnce(t *testing.T) {
	t.Parallel()
	beforeBothServers(t, acctest.Room(1, without), acctest.Speed, func(t *testing.T, p part) {
		p.apply()
		if outcome := p.Run("taint", firstPart); outcome.Exit != 0 {
			t.Fatal(outcome.Output)
		}
		p.apply() // destroys and creates while the image is under way, or just there
		p.started()
		p.Plan(0)
		if p.Images(first) != 1 {
			t.Errorf("%d images were made, want 1", p.Images(first))
		}
	})
}

func TestACrashResetsOnce(t *testing.T) {
	t.Parallel()
	beforeBothServers(t, acctest.Room(1, without), acctest.Speed, func(t *testing.T, p part) {
		p.Workspace = p.Built()
		running := p.Start("apply", "-auto-approve", "-no-color")
		p.Until("the reset was taken", func() bool { return p.Asked("POST /commands") == 1 })
		running.Kill()
		running.Wait()
		if p.Values(firstPart) != nil {
			t.Fatal("the state holds it: the run ended by itself")
		}
		p.Apply()
		p.shows(map[string]any{"effective": true})
		if p.Images(first) != 1 {
			t.Errorf("%d images were made, want 1", p.Images(first))
		}
	}, "wait_for_image = true")
}

func TestAnInterruptedWaitLeavesTheStateTrue(t *testing.T) {
	t.Parallel()
	beforeBothServers(t, acctest.Room(1, without), slow, func(t *testing.T, p part) {
		p.Workspace = p.Built()
		running := p.Start("apply", "-auto-approve", "-no-color")
		p.Until("the reset was taken", func() bool { return p.Asked("POST /commands") == 1 && p.Asked("GET /commands/{id}") > 0 })
		running.Interrupt()
		if outcome := running.Wait(); !outcome.Contains("Unable to see the new image start on station R101-PC01") {
			t.Errorf("exit %d:\n%s", outcome.Exit, outcome.Output)
		}
		p.shows(map[string]any{"enabled": true, "effective": false})
		p.World.Advance(tillStarted)
		p.Apply()
		if p.Images(first) != 1 {
			t.Errorf("%d images were made, want 1", p.Images(first))
		}
	}, "wait_for_image = true")
}

func TestOneOfSeveralOperatingSystems(t *testing.T) {
	t.Parallel()
	off := false
	like := world.Station{Others: []world.System{{Name: "Windows 10", WithoutKMS: true, Option: &off}}}
	beforeBothServers(t, acctest.Room(1, like), acctest.Speed, func(t *testing.T, p part) {
		p.Apply()
		p.shows(map[string]any{"operating_system": "Windows 11", "effective": true})

		p.configure(`operating_system = "Windows 12"`)
		outcome, said := p.Diagnostics("apply", "-auto-approve")
		const want = cannotSwitchOn + "\n\n" + `the station R101-PC01 has no operating system "Windows 12"` + "\n\nSet operating_system to what it has: Windows 11 or Windows 10."
		if outcome.Exit != 1 || len(said) != 1 || p.comparable(said[0]) != want {
			t.Errorf("exit %d, %q", outcome.Exit, said)
		}

		p.configure(`operating_system = "windows 10"`, "wait_for_image = true")
		p.Apply()
		p.shows(map[string]any{"operating_system": "windows 10", "effective": true})
		if systems := p.Station(first).Systems; systems[0].Generation != 1 || systems[1].Generation != 2 || !systems[1].MadeWith {
			t.Errorf("%+v", systems)
		}
	})
}

func TestASavedPlanAppliesAfterTheImageHasStarted(t *testing.T) {
	t.Parallel()
	beforeBothServers(t, acctest.Room(1, without), slow, func(t *testing.T, p part) {
		p.apply()
		if outcome := p.Run("plan", "-out=saved", "-no-color"); outcome.Exit != 0 || !outcome.Contains("1 to change") {
			t.Fatalf("the image has started before the plan was made:\n%s", outcome.Output)
		}
		p.World.Advance(tillStarted)
		if outcome := p.Run("apply", "-no-color", "saved"); outcome.Exit != 0 {
			t.Errorf("apply:\n%s", outcome.Output)
		}
		p.shows(map[string]any{"effective": true})
		p.Plan(0)
		if p.Images(first) != 1 {
			t.Errorf("%d images were made, want 1", p.Images(first))
		}
	})
}
