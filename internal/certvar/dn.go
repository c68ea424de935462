package certvar

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"strconv"
	"strings"
)

// attributes are the names of the parts of a distinguished name: OpenSSL's in
// printed names, and mod_ssl's in names of variables.
var attributes = []struct{ oid, printed, variable string }{
	{"2.5.4.3", "CN", "CN"},
	{"2.5.4.4", "SN", "S"},
	{"2.5.4.5", "serialNumber", ""},
	{"2.5.4.6", "C", "C"},
	{"2.5.4.7", "L", "L"},
	{"2.5.4.8", "ST", "ST"},
	{"2.5.4.9", "street", ""},
	{"2.5.4.10", "O", "O"},
	{"2.5.4.11", "OU", "OU"},
	{"2.5.4.12", "title", "T"},
	{"2.5.4.13", "description", "D"},
	{"2.5.4.17", "postalCode", ""},
	{"2.5.4.42", "GN", "G"},
	{"2.5.4.43", "initials", "I"},
	{"0.9.2342.19200300.100.1.1", "UID", "UID"},
	{"0.9.2342.19200300.100.1.25", "DC", ""},
	{"1.2.840.113549.1.9.1", "emailAddress", "Email"},
}

func printedName(oid string) string {
	for _, a := range attributes {
		if a.oid == oid {
			return a.printed
		}
	}
	return oid
}

// variableOID returns the attribute that a variable is for. SP is an old name of ST.
func variableOID(name string) string {
	if name == "SP" {
		name = "ST"
	}
	for _, a := range attributes {
		if a.variable != "" && a.variable == name {
			return a.oid
		}
	}
	return ""
}

func sequence(raw []byte) (s pkix.RDNSequence) {
	if rest, err := asn1.Unmarshal(raw, &s); err != nil || len(rest) > 0 {
		return nil
	}
	return s
}

// appendDN prints a name as RFC 2253 does: the last part first.
func appendDN(dst []byte, raw []byte) []byte {
	s := sequence(raw)
	for i := len(s) - 1; i >= 0; i-- {
		for j := range s[i] {
			a := s[i][len(s[i])-1-j]
			switch {
			case j > 0:
				dst = append(dst, '+')
			case i < len(s)-1:
				dst = append(dst, ',')
			}
			dst = append(append(dst, printedName(a.Type.String())...), '=')
			dst = appendEscaped(dst, text(a.Value))
		}
	}
	return dst
}

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}

// appendEscaped prints a value with the escapes of RFC 2253 section 2.4. Bytes beyond
// ASCII stay.
func appendEscaped(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		switch {
		case strings.IndexByte(`,+"\<>;`, c) >= 0, c == '#' && i == 0, c == ' ' && (i == 0 || i == len(s)-1):
			dst = append(dst, '\\', c)
		case c < ' ' || c == 0x7f:
			dst = fmt.Appendf(dst, `\%02X`, c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// appendPart prints one part of a name: CN, or with an index that of several, OU_1.
func appendPart(dst []byte, raw []byte, name string) []byte {
	n := 0
	name = strings.TrimSuffix(name, "_RAW")
	if base, index, ok := strings.Cut(name, "_"); ok {
		i, err := strconv.Atoi(index)
		if err != nil || i < 0 {
			return dst
		}
		name, n = base, i
	}
	oid := variableOID(name)
	if oid == "" {
		return dst
	}
	for _, set := range sequence(raw) {
		for _, a := range set {
			if a.Type.String() != oid {
				continue
			}
			if n == 0 {
				return append(dst, text(a.Value)...)
			}
			n--
		}
	}
	return dst
}

// AppendLegacyDN appends the subject, or the issuer, as SSLOptions LegacyDNStringFormat
// has it, and FakeBasicAuth: /C=FR/CN=name. OpenSSL: X509_NAME_oneline.
func AppendLegacyDN(dst []byte, c *x509.Certificate, issuer bool) []byte {
	raw := c.RawSubject
	if issuer {
		raw = c.RawIssuer
	}
	for _, set := range sequence(raw) {
		for j, a := range set {
			mark := byte('/')
			if j > 0 {
				mark = '+'
			}
			dst = append(append(append(dst, mark), printedName(a.Type.String())...), '=')
			for _, b := range []byte(text(a.Value)) {
				switch {
				case b < ' ' || b > '~':
					dst = fmt.Appendf(dst, `\x%02X`, b)
				case b == '/' || b == '+':
					dst = append(dst, '\\', b)
				default:
					dst = append(dst, b)
				}
			}
		}
	}
	return dst
}

// PartNames returns the names of variables about the parts of a certificate's names
// and its alternative names, such as S_DN_OU_1 and SAN_DNS_0. httpd:
// modssl_var_extract_dns, modssl_var_extract_san_entries.
func PartNames(c *x509.Certificate) (names []string) {
	for _, dn := range []struct {
		prefix string
		raw    []byte
	}{{"S_DN_", c.RawSubject}, {"I_DN_", c.RawIssuer}} {
		seen := map[string]int{}
		for _, set := range sequence(dn.raw) {
			for _, a := range set {
				part := variableName(a.Type.String())
				if part == "" {
					continue
				}
				if n := seen[part]; n > 0 {
					names = append(names, fmt.Sprintf("%s%s_%d", dn.prefix, part, n))
				} else {
					names = append(names, dn.prefix+part)
				}
				seen[part]++
			}
		}
	}
	for i := range c.EmailAddresses {
		names = append(names, fmt.Sprintf("SAN_Email_%d", i))
	}
	for i := range c.DNSNames {
		names = append(names, fmt.Sprintf("SAN_DNS_%d", i))
	}
	return names
}

// variableName is the inverse of variableOID; "": there is no variable.
func variableName(oid string) string {
	for _, a := range attributes {
		if a.oid == oid {
			return a.variable
		}
	}
	return ""
}
