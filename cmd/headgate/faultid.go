package main

import (
	"regexp"
	"strings"
)

// wholeID is an id by itself.
var wholeID = regexp.MustCompile(`^[-_@\w]{16,24}$`)

// idForms find an id in what somebody copied, the surest first. In a line of the
// error log what a client sent may follow the id (the referer) and look like one, so
// the first that is at its place counts.
var idForms = []*regexp.Regexp{
	regexp.MustCompile(`, id ([-_@\w]{16,24})\)(?:$|\n|, referer: )`),            // the error log
	regexp.MustCompile(`"(?:id|cause_id)"\s*:\s*"([-_@\w]{16,24})"`),             // a JSON log
	regexp.MustCompile(`\bid[ =:]{1,2}"?([-_@\w]{16,24})(?:$|[^-_@\w])`),         // Proxy-Status, a part of a line
	regexp.MustCompile(`\bcause_id="([-_@\w]{16,24})"`),                          // an exemplar
	regexp.MustCompile(`Reference:\s*(?:<code>)?([-_@\w]{16,24})(?:$|[^-_@\w])`), // the page of an error
}

// faultID finds the id in what a user copied; "": there is none.
func faultID(text string) string {
	text = strings.TrimSpace(text)
	if wholeID.MatchString(text) {
		return text
	}
	for _, form := range idForms {
		if found := form.FindStringSubmatch(text); found != nil {
			return found[1]
		}
	}
	for _, word := range strings.Fields(text) {
		if word = strings.Trim(word, `"'(),;`); wholeID.MatchString(word) {
			return word
		}
	}
	return ""
}
