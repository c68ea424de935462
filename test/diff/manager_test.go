package diff

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	managerStart   = []byte("<?xml version='1.0' encoding='UTF-8' ?>\n<httpd:manager ")
	managerElement = regexp.MustCompile(`<httpd:(\w+)>([^<]*)</httpd:(\w+)>`)
	managerPart    = regexp.MustCompile(`<httpd:(balancer|worker)>`)
)

// managerXML prints balancer-manager's XML: a line with all elements in their order
// for each balancer and member. Numbers of bytes depend on fields that servers may
// word in their own way; times are left out. Only lines that were not in the page
// before are printed; seen is that page's, and becomes this one's.
func managerXML(b *strings.Builder, text string, seen *[]string) {
	var now []string
	for _, part := range managerPart.Split(text, -1)[1:] {
		line := ""
		for _, e := range managerElement.FindAllStringSubmatch(part, -1) {
			name, value := e[1], e[2]
			switch {
			case name == "error_time":
				value = "<now>"
			case name == "transferred" || name == "read":
				value = "<bytes>"
			}
			if name != e[3] {
				name += "/" + e[3]
			}
			line += " " + name + "=" + value
		}
		now = append(now, line)
	}
	for i, line := range now {
		if !slices.Contains(*seen, line) {
			fmt.Fprintf(b, "| %d%s\n", i, line)
		}
	}
	*seen = now
}
