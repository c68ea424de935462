package crl

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
)

// scope is which certificates a list is about (issuingDistributionPoint, RFC 5280,
// 5.2.5). The zero value is all of the issuer.
type scope struct {
	users, cas, attributes bool
	point                  bool     // it is for those that name one of points
	points                 []string // URIs

	partial bool // it has only some reasons, or is about certificates of several issuers
	wrong   bool
}

// read reads the extension.
func (s *scope) read(der []byte) {
	var x struct {
		Point      asn1.RawValue  `asn1:"optional,tag:0"`
		Users      bool           `asn1:"optional,tag:1"`
		CAs        bool           `asn1:"optional,tag:2"`
		Reasons    asn1.BitString `asn1:"optional,tag:3"`
		Indirect   bool           `asn1:"optional,tag:4"`
		Attributes bool           `asn1:"optional,tag:5"`
	}
	if rest, err := asn1.Unmarshal(der, &x); err != nil || len(rest) > 0 {
		s.wrong = true
		return
	}
	s.users, s.cas, s.attributes = x.Users, x.CAs, x.Attributes
	s.partial = x.Indirect || x.Reasons.BitLength > 0
	s.wrong = x.Users && x.CAs || x.Users && x.Attributes || x.CAs && x.Attributes
	if len(x.Point.FullBytes) > 0 {
		s.point = true
		s.points = uris(x.Point.Bytes)
	}
}

// uris returns the URIs of a DistributionPointName.
func uris(der []byte) (list []string) {
	const fullName, uri = 0, 6
	var names asn1.RawValue
	if _, err := asn1.Unmarshal(der, &names); err != nil || names.Class != asn1.ClassContextSpecific || names.Tag != fullName {
		return nil
	}
	for rest := names.Bytes; len(rest) > 0; {
		var n asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &n); err != nil {
			return list
		}
		if n.Class == asn1.ClassContextSpecific && n.Tag == uri {
			list = append(list, string(n.Bytes))
		}
	}
	return list
}

// usable reports whether the list can be one for any certificate. OpenSSL:
// get_crl_score, without extended CRL support.
func (s *scope) usable() bool { return !s.wrong && !s.partial }

// covers reports whether the list is about a certificate (OpenSSL: crl_crldp_check).
func (s *scope) covers(c *x509.Certificate) bool {
	switch {
	case s.attributes, c.IsCA && s.users, !c.IsCA && s.cas:
		return false
	case !s.point:
		return true
	}
	return slices.ContainsFunc(s.points, func(p string) bool { return slices.Contains(c.CRLDistributionPoints, p) })
}
