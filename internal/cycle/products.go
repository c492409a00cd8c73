package cycle

import "math/bits"

// products is a set of managed products, by their place in the cycle's list.
type products uint8

func only(p int) products                   { return 1 << p }
func (s products) has(p int) bool           { return s&only(p) != 0 }
func (s products) with(p int) products      { return s | only(p) }
func (s products) without(p int) products   { return s &^ only(p) }
func (s products) first() (int, bool)       { return bits.TrailingZeros8(uint8(s)), s != 0 }
func (s products) contains(t products) bool { return s&t == t }

func (s products) list() []int {
	var list []int
	for p := range 8 {
		if s.has(p) {
			list = append(list, p)
		}
	}
	return list
}
