package service

import "sync"

// Names reports whether two pools of a configuration have one name. Terraform shows a
// provider one instance at a time and no address, and may show one twice: as it is, and
// anew where it is replaced.
type Names struct {
	mu   sync.Mutex
	seen map[string]*sightings
}

type sightings struct {
	of        string // what was seen first
	differ    bool   // so was something else
	as, fresh int    // as it is, and anew
}

// NewNames returns the names of one configured provider.
func NewNames() *Names { return &Names{seen: map[string]*sightings{}} }

// Twice notes that a pool is planned under a name, and reports whether another one was. of
// is what the pool is made of; fresh, that it is planned without a prior state.
func (n *Names) Twice(name, of string, fresh bool) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.seen[name]
	if s == nil {
		s = &sightings{of: of}
		n.seen[name] = s
	}
	if fresh {
		s.fresh++
	} else {
		s.as++
	}
	s.differ = s.differ || s.of != of
	return s.differ || s.fresh > 1 || s.as > 1
}
