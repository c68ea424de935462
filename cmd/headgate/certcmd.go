package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

func (p process) certCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "cert FILE...", Short: "print names, issuer and end of certificates, and say whether key and chain fit",
		Long: `Print what certificates and private keys in PEM files are, and check that they
fit: the key to the certificate, each certificate of the chain to the next. Files
that belong together are named together.

The exit code is 0 when nothing is wrong, 1 when something is, 2 after a wrong use.`,
		Example: `  headgate cert /etc/letsencrypt/live/example.com/fullchain.pem
  headgate cert site.crt site.key chain.pem`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("cert wants at least one FILE")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return code(p.cert(args, asJSON)) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

// cert prints a report about files.
func (p process) cert(names []string, asJSON bool) int {
	now := time.Now()
	r := judgeCerts(names, now)
	if asJSON {
		e := json.NewEncoder(p.stdout)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(r); err != nil {
			return p.failed("%v", err)
		}
	} else {
		for _, f := range r.Files {
			p.printPEM(r, f, now)
		}
	}
	if !r.OK {
		return exitFailed
	}
	return exitOK
}

// printPEM prints what one file holds, and what is wrong with it.
func (p process) printPEM(r *certReport, f *pemFile, now time.Time) {
	fmt.Fprintf(p.stdout, "%s\n", f.File)
	line := func(what, format string, args ...any) {
		fmt.Fprintf(p.stdout, "  %-12s %s\n", what, printable(fmt.Sprintf(format, args...)))
	}
	for i, c := range f.Certs {
		issuer := c.Issuer
		if c.Self {
			issuer = "itself"
		}
		if i > 0 {
			line("chain", "%s, by %s, until %s", c.Subject, issuer, day(c.NotAfter))
			continue
		}
		line("certificate", "%s", c.Subject)
		if len(c.Names) > 0 {
			line("for", "%s", strings.Join(c.Names, ", "))
		}
		line("by", "%s", issuer)
		line("valid", "%s until %s%s", day(c.NotBefore), day(c.NotAfter), daysLeft(c, now))
		line("key", "%s", c.Key)
		line("SHA-256", "%s", c.SHA256)
	}
	if f.Chain != "" {
		line("chain", "%s", f.Chain)
	}
	switch {
	case f.Key != "" && f.Fits != "":
		line("private key", "%s; belongs to the certificate of %s", f.Key, f.Fits)
	case f.Key != "":
		line("private key", "%s", f.Key)
	}
	for _, w := range r.Wrong {
		if w.File == f.File {
			line("WRONG", "%s", w.Text)
		}
	}
}

// printable replaces what could drive a terminal: certificates come from anywhere.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, s)
}

// daysLeft says how long a certificate is still valid.
func daysLeft(c certFacts, now time.Time) string {
	left := c.NotAfter.Sub(now)
	if left < 0 || now.Before(c.NotBefore) {
		return ""
	}
	return fmt.Sprintf(", %d days left", int(left.Hours()/24))
}
