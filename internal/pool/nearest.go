package pool

import "strings"

// Nearest is the name among several that one may have been meant for, without regard to
// case; "" where none is near.
func Nearest(name string, among []string) string {
	best, nearest := 1+len(name)/4, ""
	for _, candidate := range among {
		if distance := edits(strings.ToLower(name), strings.ToLower(candidate)); distance <= best && (nearest == "" || distance < best) {
			best, nearest = distance, candidate
		}
	}
	return nearest
}

// edits is how many letters are to be changed, inserted, removed or swapped with the next
// to make one word of the other (the optimal string alignment distance).
func edits(x, y string) int {
	a, b := []rune(x), []rune(y)
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
