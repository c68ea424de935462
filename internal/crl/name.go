package crl

import (
	"encoding/asn1"
	"strings"
)

// canonical returns what two names have in common that OpenSSL takes for the same:
// case, the kind of a text and blanks around and between its words do not count
// (X509_NAME_cmp).
func canonical(der []byte) string {
	type attribute struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	type setOf []attribute // asn1 tells a SET by the suffix of the name
	var sets []asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &sets); err != nil || len(rest) > 0 {
		return string(der)
	}
	var out strings.Builder
	for _, s := range sets {
		var list setOf
		if _, err := asn1.UnmarshalWithParams(s.FullBytes, &list, "set"); err != nil {
			return string(der)
		}
		out.WriteByte('/')
		for _, a := range list {
			out.WriteString(a.Type.String())
			out.WriteByte('=')
			out.WriteString(text(a.Value))
			out.WriteByte('+')
		}
	}
	return out.String()
}

// text returns the text of an attribute for comparing.
func text(v asn1.RawValue) string {
	var s string
	if _, err := asn1.Unmarshal(v.FullBytes, &s); err != nil {
		return string(v.FullBytes)
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' })
	return strings.Map(lower, strings.Join(words, " "))
}

// lower is for ASCII only, as in OpenSSL.
func lower(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}
