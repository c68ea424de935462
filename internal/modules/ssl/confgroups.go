package ssl

import (
	"crypto/tls"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
)

// group is a way to exchange keys, by OpenSSL's names; id 0: crypto/tls does not have it.
type group struct {
	names string
	id    tls.CurveID
}

func groupTable() []group {
	return []group{
		{"P-256 prime256v1 secp256r1", tls.CurveP256}, {"P-384 secp384r1", tls.CurveP384}, {"P-521 secp521r1", tls.CurveP521},
		{"X25519", tls.X25519}, {"X25519MLKEM768", tls.X25519MLKEM768},
		{"SecP256r1MLKEM768", tls.SecP256r1MLKEM768}, {"SecP384r1MLKEM1024", tls.SecP384r1MLKEM1024},
		{"X448", 0}, {"ffdhe2048", 0}, {"ffdhe3072", 0}, {"ffdhe4096", 0}, {"ffdhe6144", 0}, {"ffdhe8192", 0},
		{"MLKEM512", 0}, {"MLKEM768", 0}, {"MLKEM1024", 0}, {"curveSM2", 0}, {"curveSM2MLKEM768", 0},
		{"brainpoolP256r1", 0}, {"brainpoolP384r1", 0}, {"brainpoolP512r1", 0},
		{"brainpoolP256r1tls13", 0}, {"brainpoolP384r1tls13", 0}, {"brainpoolP512r1tls13", 0},
		{"secp160k1", 0}, {"secp160r1", 0}, {"secp160r2", 0}, {"P-192 secp192r1 prime192v1", 0}, {"secp192k1", 0}, {"P-224 secp224r1", 0}, {"secp224k1", 0}, {"secp256k1", 0},
		{"B-163 sect163r2", 0}, {"K-163 sect163k1", 0}, {"sect163r1", 0}, {"sect193r1", 0}, {"sect193r2", 0}, {"B-233 sect233r1", 0}, {"K-233 sect233k1", 0},
		{"sect239k1", 0}, {"B-283 sect283r1", 0}, {"K-283 sect283k1", 0}, {"B-409 sect409r1", 0}, {"K-409 sect409k1", 0}, {"B-571 sect571r1", 0}, {"K-571 sect571k1", 0},
	}
}

// setGroups reads a list of groups, separated by colons; in those of OpenSSL 3.5 a slash
// begins a further tuple, ? stands before a group that may be unknown, * before one that
// a client should send a key for, and DEFAULT is the usual list.
func setGroups(c *directive.Call, value string) (func(*settings), error) {
	var ids []tls.CurveID
	var lacking []string
	if ascii.EqualFold(c.Arg(0), "ECDHParameters") && (value == "Automatic" || value == "auto" || value == "+automatic") {
		return func(s *settings) { s.cfg.CurvePreferences = nil }, nil
	}
	for _, w := range strings.FieldsFunc(value, func(r rune) bool { return r == ':' || r == '/' }) {
		name := strings.TrimLeft(w, "?*")
		g, ok := groupOf(name)
		switch {
		case ok && g.id != 0:
			ids = append(ids, g.id)
		case ok:
			lacking = append(lacking, name)
		case !strings.Contains(w[:len(w)-len(name)], "?"):
			return nil, failed(c, "group '"+name+"' cannot be set")
		}
	}
	if len(ids) == 0 {
		return nil, failed(c, "crypto/tls has none of these groups")
	}
	if len(lacking) > 0 {
		c.Note("SSLOpenSSLConfCmd: crypto/tls does not have the groups %q, they are left out", lacking)
	}
	return func(s *settings) { s.cfg.CurvePreferences = ids }, nil
}

func groupOf(name string) (group, bool) {
	for _, g := range groupTable() {
		for _, n := range strings.Fields(g.names) {
			if ascii.EqualFold(n, name) {
				return g, true
			}
		}
	}
	return group{}, false
}

// flag is a word of the command Options.
type flag struct {
	name string
	tier directive.Tier
	note string
	set  func(s *settings, on bool)
}

const (
	noRenegotiation = "connections are not renegotiated"
	oldHandshakes   = "crypto/tls decides how handshakes of TLS 1.2 are made safe, and does not exchange keys by finite fields"
	noEarlyData     = "no early data is accepted"
)

func flagTable() []flag {
	return []flag{
		{name: "SessionTicket", set: func(s *settings, on bool) { s.cfg.SessionTicketsDisabled = !on }},
		{name: "ServerPreference", tier: directive.Mapped, note: orderNote, set: func(s *settings, on bool) { s.honor = on }},
		{name: "PrioritizeChaCha", tier: directive.Noted, note: "ChaCha20 comes first for clients without hardware for AES"},
		{name: "Compression", tier: directive.Noted, note: "TLS compression is never done"},
		{name: "EmptyFragments", tier: directive.Noted, note: oldHandshakes}, {name: "Bugs", tier: directive.Noted, note: oldHandshakes},
		{name: "DHSingle", tier: directive.Noted, note: oldHandshakes}, {name: "ECDHSingle", tier: directive.Noted, note: "each handshake has its own key"},
		{name: "EncryptThenMac", tier: directive.Noted, note: oldHandshakes}, {name: "ExtendedMasterSecret", tier: directive.Noted, note: "it is always used where the client can"},
		{name: "NoResumptionOnRenegotiation", tier: directive.Noted, note: noRenegotiation}, {name: "UnsafeRenegotiation", tier: directive.Noted, note: noRenegotiation},
		{name: "UnsafeLegacyRenegotiation", tier: directive.Noted, note: noRenegotiation}, {name: "UnsafeLegacyServerConnect", tier: directive.Noted, note: noRenegotiation},
		{name: "NoRenegotiation", tier: directive.Noted, note: noRenegotiation}, {name: "ClientRenegotiation", tier: directive.Noted, note: noRenegotiation},
		{name: "AllowNoDHEKEX", tier: directive.Noted, note: "resumed sessions of TLS 1.3 always exchange new keys"}, {name: "PreferNoDHEKEX", tier: directive.Noted, note: "resumed sessions of TLS 1.3 always exchange new keys"},
		{name: "MiddleboxCompat", tier: directive.Noted, note: "it is done where the client does it"}, {name: "AntiReplay", tier: directive.Noted, note: noEarlyData},
		{name: "CANames", tier: directive.Noted, note: "the names of CAs are sent where certificates are asked for"}, {name: "StrictCertCheck", tier: directive.Noted, note: "certificates are checked when they are read"},
		{name: "KTLS", tier: directive.Noted, note: "records are encrypted by the program, not by the kernel"}, {name: "KTLSTxZerocopySendfile", tier: directive.Noted, note: "records are encrypted by the program, not by the kernel"},
		{name: "TxCertificateCompression", tier: directive.Noted, note: "certificates are not compressed"}, {name: "RxCertificateCompression", tier: directive.Noted, note: "certificates are not compressed"},
		{name: "IgnoreUnexpectedEOF", tier: directive.Noted, note: "a message is complete by its own framing, never by the end of the connection alone"},
		{name: "CertOCSP", tier: directive.Noted, note: "SSLUseStapling says it"},
	}
}

// flagsOf returns the flags of a list, with whether each is on.
func flagsOf(value string) (flags []flag, on []bool, unknown string) {
words:
	for _, w := range strings.Split(value, ",") {
		word, minus := flagOf(w)
		for _, f := range flagTable() {
			if ascii.EqualFold(f.name, word) {
				flags, on = append(flags, f), append(on, !minus)
				continue words
			}
		}
		return nil, nil, word
	}
	return flags, on, ""
}

// flagsTier is the tier of a list: that of the flag that most has to be said of.
func flagsTier(value string) (directive.Tier, string) {
	tier, note := directive.Honoured, ""
	flags, _, _ := flagsOf(value)
	set := false
	for _, f := range flags {
		if f.tier == directive.Noted && note == "" || f.tier == directive.Mapped {
			tier, note = f.tier, f.name+": "+f.note
		}
		set = set || f.set != nil && f.tier != directive.Mapped
	}
	if tier == directive.Noted && set {
		tier = directive.Mapped
	}
	return tier, note
}

func setFlags(c *directive.Call, value string) (func(*settings), error) {
	flags, on, unknown := flagsOf(value)
	if unknown != "" {
		return nil, failed(c, "there is no option '"+unknown+"'")
	}
	return func(s *settings) {
		for i, f := range flags {
			if f.set != nil {
				f.set(s, on[i])
			}
		}
	}, nil
}
