package config

import (
	"slices"
	"strings"
)

// hint returns ": did you mean ...?" for a word that is none of known, or else which there are.
func hint(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return ": did you mean " + near + "?"
	}
	return "; there is: " + strings.Join(known, ", ")
}

// nearest returns the known word that looks most like word; empty if none does. Case, dashes and underscores do not count,
// and one word may be a part of the other.
func nearest(word string, known []string) string {
	const longest = 64
	plain := plainly(word)
	if plain == "" || len(word) > longest {
		return ""
	}
	best, least := "", 2+len(plain)/4
	for _, k := range known {
		if d := distance(plain, plainly(k)); d < least {
			best, least = k, d
		}
	}
	if best != "" || len(plain) < 3 {
		return best
	}
	at := slices.IndexFunc(known, func(k string) bool {
		k = plainly(k)
		return strings.Contains(k, plain) || len(k) > 2 && strings.Contains(plain, k)
	})
	if at < 0 {
		return ""
	}
	return known[at]
}

func plainly(s string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToLower(s))
}

// distance is how many bytes must be added, taken away, replaced or swapped with their neighbour to make b of a.
func distance(a, b string) int {
	before, last, row := []int(nil), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, make([]int, len(b)+1)
	}
	return last[len(b)]
}
