package param

import (
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// leadingFloat is atof, without infinities.
func leadingFloat(s string) float64 {
	s = ascii.TrimLeftSpace(s)
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		end := 2
		for end < len(s) && ascii.IsHex(s[end]) {
			end++
		}
		n, _ := strconv.ParseUint(s[2:end], 16, 64)
		return float64(n)
	}
	end := 0
	for end < len(s) && (ascii.IsDigit(s[end]) || strings.IndexByte("+-.eE", s[end]) >= 0) {
		end++
	}
	for ; end > 0; end-- {
		if f, err := strconv.ParseFloat(s[:end], 64); err == nil {
			return f
		}
	}
	return 0
}
