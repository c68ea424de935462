package proxybalancer

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// The size of a sparkline in its own units.
const (
	sparkWidth  = 2 * kept
	sparkHeight = 24
)

// spark draws values as a line over an area, the newest at the right. top is the
// least value that reaches the upper edge. class colors it; "" is the usual color.
func spark(values []float64, top float64, class string) template.HTML {
	for _, v := range values {
		top = max(top, v)
	}
	var line strings.Builder
	start := sparkWidth - 2*(len(values)-1)
	for i, v := range values {
		letter := byte('L')
		if i == 0 {
			letter = 'M'
		}
		y := sparkHeight - 1.0
		if top > 0 {
			y = 1 + (sparkHeight-2)*(1-v/top)
		}
		fmt.Fprintf(&line, "%c%d %g", letter, start+2*i, math.Round(y*10)/10)
	}
	svg := fmt.Sprintf(`<svg class="spark %s" viewBox="0 0 %d %d" preserveAspectRatio="none" aria-hidden="true">`, class, sparkWidth, sparkHeight)
	if len(values) > 1 {
		d := line.String()
		svg += fmt.Sprintf(`<path class="area" d="%sL%d %dL%d %dZ"/><path d="%s"/>`, d, sparkWidth, sparkHeight, start, sparkHeight, d)
	}
	return template.HTML(svg + "</svg>") //nolint:gosec // numbers, and a class of ours
}

// level draws a share, from 0 to 1, as a bar.
func level(share float64) template.HTML {
	share = min(max(share, 0), 1)
	return template.HTML(fmt.Sprintf( //nolint:gosec // a number
		`<svg class="level" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width="%.1f" height="10"/></svg>`, 100*share))
}
