package scheduler

import "math/bits"

// Products is a set of managed products, by their place in the cycle's list.
type Products uint8

// Only is the set of one product.
func Only(p int) Products { return 1 << p }

// Has reports whether a product is among them.
func (s Products) Has(p int) bool { return s&Only(p) != 0 }

// With adds a product.
func (s Products) With(p int) Products { return s | Only(p) }

// Without takes a product out.
func (s Products) Without(p int) Products { return s &^ Only(p) }

// First is the first product; false where there is none.
func (s Products) First() (int, bool) { return bits.TrailingZeros8(uint8(s)), s != 0 }

// Contains reports whether all of t are among them.
func (s Products) Contains(t Products) bool { return s&t == t }

// List gives the products in their order.
func (s Products) List() []int {
	var list []int
	for p := range 8 {
		if s.Has(p) {
			list = append(list, p)
		}
	}
	return list
}
