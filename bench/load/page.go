//go:build linux

package load

import (
	"fmt"
	"math/rand/v2"
)

// page returns HTML of a size: the rows of a table with words of which few are frequent and most are rare, as in a language, with
// numbers, and with tags that repeat. gzip makes about a quarter of it, as of most pages.
func page(size int) []byte {
	rnd := rand.New(rand.NewPCG(3, 7))
	words := make([]string, 4000)
	for i := range words {
		w := make([]byte, 2+rnd.IntN(9))
		for j := range w {
			w[j] = "etaoinshrdlucmfwypvbgkqjxz"[min(rnd.IntN(26), rnd.IntN(26))]
		}
		words[i] = string(w)
	}
	often := rand.NewZipf(rnd, 1.1, 4, uint64(len(words)-1))
	b := []byte("<!DOCTYPE html>\n<html><head><title>Orders</title></head><body><table>\n")
	for n := 0; len(b) < size; n++ {
		b = fmt.Appendf(b, "<tr class=\"row\"><td><a href=\"/orders/%d\">%d</a></td><td>", rnd.IntN(1e6), n)
		for range 6 + rnd.IntN(20) {
			b = append(append(b, words[often.Uint64()]...), ' ')
		}
		b = fmt.Appendf(b, "</td><td align=\"right\">%d.%02d</td></tr>\n", rnd.IntN(5000), rnd.IntN(100))
	}
	return b[:size]
}
