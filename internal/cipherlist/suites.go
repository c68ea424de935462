package cipherlist

import "slices"

// Suite is a cipher suite that crypto/tls has, under OpenSSL's name.
type Suite struct {
	Name string // "ECDHE-RSA-AES128-GCM-SHA256"
	ID   uint16 // as in crypto/tls
	Bits int    // of its key

	marks []string // the words of a list that choose it, in lower case
}

// Modern are the suites of TLS 1.3. They cannot be chosen: crypto/tls always has
// all of them.
var Modern = []Suite{
	{Name: "TLS_AES_128_GCM_SHA256", ID: 0x1301, Bits: 128},
	{Name: "TLS_AES_256_GCM_SHA384", ID: 0x1302, Bits: 256},
	{Name: "TLS_CHACHA20_POLY1305_SHA256", ID: 0x1303, Bits: 256},
}

// Words that several suites share.
var (
	ecdheECDSA = []string{"all", "ecdhe", "kecdhe", "eecdh", "keecdh", "aecdsa", "ecdsa"}
	ecdheRSA   = []string{"all", "ecdhe", "kecdhe", "eecdh", "keecdh", "arsa"}
	kRSA       = []string{"all", "krsa", "rsa", "arsa"}

	gcm128  = []string{"aes", "aes128", "aesgcm", "high", "tlsv1.2"}
	gcm256  = []string{"aes", "aes256", "aesgcm", "high", "tlsv1.2"}
	chacha  = []string{"chacha20", "high", "tlsv1.2"}
	cbc128  = []string{"aes", "aes128", "high"}
	cbc256  = []string{"aes", "aes256", "high"}
	triple  = []string{"3des", "medium"}
	rc4     = []string{"rc4", "medium", "complementofdefault"}
	sha1    = []string{"sha", "sha1"}
	sha256  = []string{"sha256", "tlsv1.2"}
	tls10   = []string{"tlsv1", "tlsv1.0"}
	ssl3    = []string{"sslv3"}
	ordinal = []string{"default"}
)

func suite(name string, id uint16, bits int, marks ...[]string) Suite {
	s := Suite{Name: name, ID: id, Bits: bits}
	for _, m := range marks {
		s.marks = append(s.marks, m...)
	}
	return s
}

// Suites are the suites up to TLS 1.2, in the order of OpenSSL.
var Suites = []Suite{
	suite("ECDHE-ECDSA-AES256-GCM-SHA384", 0xc02c, 256, ecdheECDSA, gcm256, ordinal),
	suite("ECDHE-RSA-AES256-GCM-SHA384", 0xc030, 256, ecdheRSA, gcm256, ordinal),
	suite("ECDHE-ECDSA-CHACHA20-POLY1305", 0xcca9, 256, ecdheECDSA, chacha, ordinal),
	suite("ECDHE-RSA-CHACHA20-POLY1305", 0xcca8, 256, ecdheRSA, chacha, ordinal),
	suite("ECDHE-ECDSA-AES128-GCM-SHA256", 0xc02b, 128, ecdheECDSA, gcm128, ordinal),
	suite("ECDHE-RSA-AES128-GCM-SHA256", 0xc02f, 128, ecdheRSA, gcm128, ordinal),
	suite("ECDHE-ECDSA-AES128-SHA256", 0xc023, 128, ecdheECDSA, cbc128, sha256, ordinal),
	suite("ECDHE-RSA-AES128-SHA256", 0xc027, 128, ecdheRSA, cbc128, sha256, ordinal),
	suite("ECDHE-ECDSA-AES256-SHA", 0xc00a, 256, ecdheECDSA, cbc256, sha1, tls10, ordinal),
	suite("ECDHE-RSA-AES256-SHA", 0xc014, 256, ecdheRSA, cbc256, sha1, tls10, ordinal),
	suite("ECDHE-ECDSA-AES128-SHA", 0xc009, 128, ecdheECDSA, cbc128, sha1, tls10, ordinal),
	suite("ECDHE-RSA-AES128-SHA", 0xc013, 128, ecdheRSA, cbc128, sha1, tls10, ordinal),
	suite("AES256-GCM-SHA384", 0x009d, 256, kRSA, gcm256, ordinal),
	suite("AES128-GCM-SHA256", 0x009c, 128, kRSA, gcm128, ordinal),
	suite("AES128-SHA256", 0x003c, 128, kRSA, cbc128, sha256, ordinal),
	suite("AES256-SHA", 0x0035, 256, kRSA, cbc256, sha1, ssl3, ordinal),
	suite("AES128-SHA", 0x002f, 128, kRSA, cbc128, sha1, ssl3, ordinal),
	suite("ECDHE-RSA-DES-CBC3-SHA", 0xc012, 168, ecdheRSA, triple, sha1, tls10),
	suite("DES-CBC3-SHA", 0x000a, 168, kRSA, triple, sha1, ssl3),
	suite("ECDHE-ECDSA-RC4-SHA", 0xc007, 128, ecdheECDSA, rc4, sha1, tls10),
	suite("ECDHE-RSA-RC4-SHA", 0xc011, 128, ecdheRSA, rc4, sha1, tls10),
	suite("RC4-SHA", 0x0005, 128, kRSA, rc4, sha1, ssl3),
}

// Modern reports whether a suite is one of TLS 1.3.
func (s Suite) Modern() bool { return s.ID>>8 == 0x13 }

// ECDSA reports whether a suite up to TLS 1.2 is for certificates with such keys, or
// Ed25519; others are for RSA.
func (s Suite) ECDSA() bool { return slices.Contains(s.marks, "aecdsa") }

// Usual reports whether crypto/tls uses a suite unless it is told which.
func (s Suite) Usual() bool {
	return s.Modern() || !slices.Contains(s.marks, "krsa") && !slices.Contains(s.marks, "medium") && !slices.Contains(s.marks, "sha256")
}

// ByID returns the suite of an id; ok is false for one that has no name here.
func ByID(id uint16) (s Suite, ok bool) {
	for _, list := range [...][]Suite{Modern, Suites} {
		for _, s := range list {
			if s.ID == id {
				return s, true
			}
		}
	}
	return Suite{}, false
}
