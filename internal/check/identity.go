package check

import (
	"context"
	"maps"
	"strings"
	"time"
)

// What to do about two that share a client machine id.
const (
	namedTwice = "It was named twice, and counts once: name it once, here and in a pool."
	newIDs     = "Make the image with sysprep /generalize, or let the option KMS-Aktivierung give each start a new id."
)

func ownID(ctx context.Context, m *machine) finding {
	if _, err := m.windows.Licensing(ctx, m.address); err != nil {
		return notRead
	}
	if m.licensing.CMID == "" {
		return finding{Blocks, "none", "Licensing has not started there, or the image was not generalised (sysprep /generalize)."}
	}
	for _, other := range m.machines {
		if other == m || other.isHost || other.licensing.CMID != m.licensing.CMID {
			continue
		}
		same := "the same as " + other.name
		if !strings.EqualFold(m.computer(ctx), other.computer(ctx)) {
			return finding{Blocks, same, "The two count as one. " + newIDs}
		}
		switch is, seen := m.is(ctx, other); is {
		case oneMachine:
			return finding{Blocks, same + ", which is this machine", namedTwice}
		case twoMachines:
			return finding{Blocks, same + ", another machine of its name: " + seen, "They are clones and count as one: give each a name of its own. " + newIDs}
		default:
			return finding{Blocks, same + ", which has its name: " + seen,
				"Where it is one machine, name it once, here and in a pool. Where they are two they are clones and count as one: give each a name of its own. " + newIDs}
		}
	}
	return holds("it has one")
}

// computer is the name that the machine gives itself.
func (m *machine) computer(ctx context.Context) string {
	a := m.first(ctx)
	if a.err != nil || len(a.instances) == 0 {
		return ""
	}
	name, _ := a.instances[0].String("CSName")
	return name
}

// identity says whether two names are of one machine.
type identity int

const (
	unclear identity = iota
	oneMachine
	twoMachines
)

// is compares what else two machines of one name and one id show, and says what was seen. A card
// says more than a start: two machines may start at the same time.
func (m *machine) is(ctx context.Context, other *machine) (is identity, seen string) {
	if m.wire.full(m.address) == other.wire.full(other.address) {
		return oneMachine, ""
	}
	cards, starts := m.compareCards(other), m.compareStarts(ctx, other)
	seen = map[identity]string{unclear: "cards not compared", oneMachine: "the same network cards", twoMachines: "other network cards"}[cards] +
		map[identity]string{unclear: "", oneMachine: ", started at the same time", twoMachines: ", started at another time"}[starts]
	switch {
	case cards == oneMachine && starts != twoMachines:
		return oneMachine, seen
	case cards == twoMachines, cards == unclear && starts == twoMachines:
		return twoMachines, seen
	}
	return unclear, seen
}

func (m *machine) compareCards(other *machine) identity {
	mine, others := m.cards(), other.cards()
	switch {
	case len(mine) == 0 || len(others) == 0:
		return unclear
	case maps.Equal(mine, others):
		return oneMachine
	}
	lacks := func(has, lacking map[string]bool) bool {
		for card := range has {
			if !lacking[card] {
				return true
			}
		}
		return false
	}
	if lacks(mine, others) && lacks(others, mine) {
		return twoMachines
	}
	return unclear // a card may have been switched on meanwhile
}

// cards are the addresses of those that are in use.
func (m *machine) cards() map[string]bool {
	cards := map[string]bool{}
	for _, a := range m.wire.answers {
		if _, class := selected(a.wql); a.address != m.address || class != "Win32_NetworkAdapterConfiguration" {
			continue
		}
		for _, card := range a.instances {
			if mac, _ := card.String("MACAddress"); mac != "" {
				cards[strings.ToUpper(mac)] = true
			}
		}
	}
	return cards
}

// clockSteps is by how much a start time may move while a check runs, as the clock is set.
const clockSteps = 5 * time.Second

func (m *machine) compareStarts(ctx context.Context, other *machine) identity {
	mine, known := m.times(ctx)
	others, alsoKnown := other.times(ctx)
	switch {
	case !known || !alsoKnown:
		return unclear
	case mine.Boot.Sub(others.Boot).Abs() <= clockSteps:
		return oneMachine
	case mine.Boot.After(others.Now): // it may be the other, which was restarted meanwhile
		return unclear
	}
	return twoMachines
}
