package ssl

import (
	"crypto/tls"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/cipherlist"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

// commands are the lines of SSLOpenSSLConfCmd, in their order: those of the main server
// come before a virtual host's.
type commands struct{ list []func(*settings) }

var commandSlot = directive.Slot[commands]{Name: "ssl commands", Merge: func(base, add *commands) *commands {
	return &commands{list: append(base.list[:len(base.list):len(base.list)], add.list...)}
}}

// settings is what commands change: they are applied after SSLProtocol, SSLCipherSuite
// and the other directives, wherever they are written.
type settings struct {
	cfg   *tls.Config
	honor bool
	off   protocols // versions that Protocol excludes, within the lowest and the highest
}

// command is a command of OpenSSL (SSL_CONF_cmd).
type command struct {
	name string
	tier directive.Tier
	note string
	set  func(c *directive.Call, value string) (func(*settings), error)
	file bool // the value is a file, which must be there
}

const (
	goGroups   = "the groups are those of the list; which of them a handshake uses goes by Go's order of preference"
	goSigns    = "crypto/tls cannot be told which signature algorithms to use: those in use are RSA-PSS, ECDSA and Ed25519 with SHA-2, and RSA with PKCS #1 where TLS 1.2 allows it"
	otherFiles = "the directives of mod_ssl name certificates, keys and CAs"
)

// commandTable lists the commands that OpenSSL has for servers.
func commandTable() []command {
	return []command{
		{name: "Curves", tier: directive.Mapped, note: goGroups, set: setGroups},
		{name: "Groups", tier: directive.Mapped, note: goGroups, set: setGroups},
		{name: "ECDHParameters", tier: directive.Mapped, note: goGroups, set: setGroups},
		{name: "MinProtocol", set: setMin},
		{name: "MaxProtocol", set: setMax},
		{name: "Protocol", set: setVersions},
		{name: "CipherString", set: setCipherString},
		{name: "Ciphersuites", tier: directive.Mapped, note: "the suites of TLS 1.3 cannot be chosen, all of them are used", set: judgeModern},
		{name: "Options", set: setFlags},
		{name: "NumTickets", tier: directive.Mapped, note: "a client gets one ticket for each connection; 0 is SSLSessionTickets off", set: setTicketCount},
		{name: "DHParameters", tier: directive.Noted, note: "keys are exchanged by elliptic curves and ML-KEM only, so there are no parameters for finite fields", file: true},
		{name: "SignatureAlgorithms", tier: directive.Refused, note: goSigns},
		{name: "ClientSignatureAlgorithms", tier: directive.Refused, note: goSigns},
		{name: "RecordPadding", tier: directive.Refused, note: "crypto/tls does not pad records"},
		{name: "Certificate", tier: directive.Refused, note: otherFiles, file: true},
		{name: "PrivateKey", tier: directive.Refused, note: otherFiles, file: true},
		{name: "ServerInfoFile", tier: directive.Refused, note: "crypto/tls sends no extensions of others", file: true},
		{name: "ChainCAPath", tier: directive.Refused, note: otherFiles}, {name: "ChainCAFile", tier: directive.Refused, note: otherFiles, file: true},
		{name: "ChainCAStore", tier: directive.Refused, note: otherFiles}, {name: "VerifyCAStore", tier: directive.Refused, note: otherFiles},
		{name: "VerifyCAPath", tier: directive.Refused, note: otherFiles}, {name: "VerifyCAFile", tier: directive.Refused, note: otherFiles, file: true},
		{name: "RequestCAFile", tier: directive.Refused, note: otherFiles, file: true}, {name: "ClientCAFile", tier: directive.Refused, note: otherFiles, file: true},
		{name: "RequestCAPath", tier: directive.Refused, note: otherFiles}, {name: "ClientCAPath", tier: directive.Refused, note: otherFiles},
		{name: "RequestCAStore", tier: directive.Refused, note: otherFiles}, {name: "ClientCAStore", tier: directive.Refused, note: otherFiles},
		{name: "VerifyMode", tier: directive.Refused, note: "SSLVerifyClient says who is asked for a certificate"},
	}
}

func commandRows() []directive.Row {
	return []directive.Row{{Name: "SSLOpenSSLConfCmd", Set: setCommand, When: func(c *directive.Call) (directive.Tier, string) {
		cmd, ok := commandOf(c)
		if !ok {
			return directive.Honoured, ""
		}
		if cmd.name == "Options" {
			return flagsTier(c.Arg(1))
		}
		return cmd.tier, cmd.note
	}}}
}

// commandOf returns the command that a directive names.
func commandOf(c *directive.Call) (command, bool) {
	for _, cmd := range commandTable() {
		if ascii.EqualFold(cmd.name, c.Arg(0)) {
			return cmd, true
		}
	}
	return command{}, false
}

// setCommand reads SSLOpenSSLConfCmd name value.
func setCommand(c *directive.Call) error {
	cmd, ok := commandOf(c)
	if !ok {
		return c.Errorf("'%s': invalid OpenSSL configuration command", c.Arg(0))
	}
	if path := c.Path(c.Arg(1)); cmd.file && c.LooksAtFolders() && missing(path) {
		return c.Errorf("SSLOpenSSLConfCmd: file '%s' does not exist or is empty", path)
	}
	if cmd.set == nil {
		return nil
	}
	apply, err := cmd.set(c, c.Arg(1))
	if err != nil {
		return err
	}
	s := commandSlot.Of(c.Server)
	s.list = append(s.list, apply)
	return nil
}

// failed is what httpd says of a value that OpenSSL does not accept.
func failed(c *directive.Call, why string) error {
	return c.Errorf(`AH02407: "SSLOpenSSLConfCmd %s %s" failed: %s`, c.Arg(0), c.Arg(1), why)
}

// runCommands applies the commands of a server to the configuration of its handshakes.
// honor is SSLHonorCipherOrder.
func runCommands(b *module.Builder, s *module.Server, cfg *tls.Config, honor bool) (honors bool) {
	c, ok := commandSlot.Peek(s.Conf)
	if !ok {
		return honor
	}
	set := settings{cfg: cfg, honor: honor}
	for _, apply := range c.list {
		apply(&set)
	}
	in := protocols(0)
	for i := range uint16(4) {
		if v := tls.VersionTLS10 + i; v >= cfg.MinVersion && v <= cfg.MaxVersion {
			in |= 1 << i
		}
	}
	in &^= set.off
	switch lowest := in & -in; {
	case in == 0:
		b.Errorf(s.Scope.Pos, "AH02231: No SSL protocols available [hint: SSLProtocol, SSLOpenSSLConfCmd]")
	case in&(in+lowest) != 0:
		b.Errorf(s.Scope.Pos, "SSLOpenSSLConfCmd Protocol: %v", errHole)
	}
	cfg.MinVersion, cfg.MaxVersion = in.versions()
	if cfg.CipherSuites != nil && len(cfg.CipherSuites) == 0 && cfg.MaxVersion < tls.VersionTLS13 {
		b.Errorf(s.Scope.Pos, "AH01898: Unable to configure permitted SSL ciphers: none of CipherString is available")
	}
	return set.honor
}

// versionNames are OpenSSL's, which it compares exactly.
var versionNames = map[string]protocols{"TLSv1": tls10, "TLSv1.1": tls11, "TLSv1.2": tls12, "TLSv1.3": tls13}

func setMin(c *directive.Call, value string) (func(*settings), error) {
	p, ok := versionNames[value]
	if value == "None" || value == "SSLv3" {
		// Ours: as with SSLProtocol all.
		p, ok = all, true
	}
	if !ok {
		return nil, failed(c, "there is no such version")
	}
	low, _ := p.versions()
	return func(s *settings) { s.cfg.MinVersion = low }, nil
}

func setMax(c *directive.Call, value string) (func(*settings), error) {
	p, ok := versionNames[value]
	switch {
	case value == "None":
		p = all
	case value == "SSLv3":
		return nil, c.Errorf("SSLv3 not supported by this version of OpenSSL")
	case !ok:
		return nil, failed(c, "there is no such version")
	}
	_, high := p.versions()
	return func(s *settings) { s.cfg.MaxVersion = high }, nil
}

// setVersions reads the value of Protocol: versions with + or -, which exclude some of
// those between the lowest and the highest.
func setVersions(c *directive.Call, value string) (func(*settings), error) {
	var on, off protocols
	for _, w := range strings.Split(value, ",") {
		word, minus := flagOf(w)
		p, ok := protocols(0), false
		for name, v := range versionNames {
			if ascii.EqualFold(name, word) {
				p, ok = v, true
			}
		}
		switch {
		case ascii.EqualFold(word, "ALL"):
			p = tls10 | tls11 | tls12 | tls13
		case ascii.EqualFold(word, "SSLv2"), ascii.EqualFold(word, "SSLv3"):
		case !ok:
			return nil, failed(c, "there is no such version")
		}
		if minus {
			on, off = on&^p, off|p
		} else {
			on, off = on|p, off&^p
		}
	}
	return func(s *settings) { s.off = s.off&^on | off }, nil
}

// flagOf splits a word of a list as OpenSSL does: blanks around it, + or - ahead.
func flagOf(w string) (word string, minus bool) {
	word = strings.TrimSpace(w)
	return trimSign(word), strings.HasPrefix(word, "-")
}

func setCipherString(c *directive.Call, value string) (func(*settings), error) {
	l := judgeCiphers(c, value)
	if len(l.IDs) == 0 && len(l.Missing) == 0 {
		return nil, failed(c, "no cipher match")
	}
	ids := cipherlist.Parse(value + notNull).IDs
	return func(s *settings) { s.cfg.CipherSuites = append([]uint16{}, ids...) }, nil
}

func judgeModern(c *directive.Call, value string) (func(*settings), error) {
	if _, unknown := cipherlist.Lacking(value); len(unknown) > 0 {
		return nil, failed(c, "no cipher match")
	}
	modern(c, value)
	return func(*settings) {}, nil
}

func setTicketCount(c *directive.Call, value string) (func(*settings), error) {
	if !digits(value, 10) {
		return nil, failed(c, "it is no number")
	}
	none := strings.Trim(value, "0") == ""
	return func(s *settings) { s.cfg.SessionTicketsDisabled = s.cfg.SessionTicketsDisabled || none }, nil
}
