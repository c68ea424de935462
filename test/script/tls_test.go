package script

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// copy writes a file again: copy FROM[=N] TO.
func (p *play) copy(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: copy FROM[=N] TO")
	}
	from, n, part := strings.Cut(args[0], "=")
	text, err := os.ReadFile(filepath.Join(p.server.Dir, from))
	if err != nil {
		return err
	}
	if part {
		k, err := strconv.Atoi(n)
		if err != nil || k > len(text) {
			return fmt.Errorf("%s has %d bytes", from, len(text))
		}
		text = text[:k]
	}
	return os.WriteFile(filepath.Join(p.server.Dir, args[1]), text, 0o600)
}

// servedWithin is how soon a changed certificate is served. The rest is for a busy machine.
const servedWithin = 2*time.Second + testkit.Patience/4

// certificate waits until handshakes show a certificate: certificate HOST NAME.
func (p *play) certificate(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: certificate HOST NAME")
	}
	shown := ""
	ok := testkit.Poll(servedWithin, func() bool {
		c := testkit.Dial(p.t, p.server.Addr())
		defer c.Close()
		if err := c.StartTLS(&tls.Config{InsecureSkipVerify: true, ServerName: args[0]}); err != nil {
			shown = err.Error()
			return false
		}
		shown = c.TLS().PeerCertificates[0].Subject.CommonName
		return shown == args[1]
	})
	if !ok {
		return fmt.Errorf("the certificate is that of %s", shown)
	}
	return nil
}
