package passphrase

import (
	"errors"
	"fmt"
	"time"

	"github.com/headgate/headgate/internal/certfile"
)

// Kind says who is asked.
type Kind uint8

// The kinds.
const (
	Builtin Kind = iota // somebody at the terminal
	Exec                // a program, run for each key
	Pipe                // a program, run once and asked by its input
)

// Source is what SSLPassPhraseDialog names. The zero value is httpd's default.
type Source struct {
	Kind    Kind
	Program string // path, without arguments
}

// httpd: BUILTIN_DIALOG_RETRIES.
const retries = 5

const (
	// programPatience is how long a program may take. One that asks somebody needs a
	// while: systemd-ask-password waits 90 seconds.
	programPatience = 2 * time.Minute
	// exitPatience is how long a program that has said its line may run on.
	exitPatience = 2 * time.Second
	// mostPhrase is the longest phrase in bytes. httpd: PEM_BUFSIZE of OpenSSL.
	mostPhrase = 1024
)

// Dialog asks for the pass phrases of one build of a configuration. It is used by one
// goroutine.
type Dialog struct {
	ring     *Ring
	source   Source
	patience time.Duration
	terminal func() (terminal, error)

	pipe  *pipe // nil until the program was asked
	asked bool  // the terminal has the explanation
}

// NewDialog returns the dialog of a source. Phrases that fit are kept in ring.
func NewDialog(ring *Ring, source Source) *Dialog {
	return &Dialog{ring: ring, source: source, patience: programPatience, terminal: openTerminal}
}

// For returns the Unlock of a key: known phrases first, as in httpd, then those of the
// source.
func (d *Dialog) For(key Key) certfile.Unlock {
	return func(file string, open func([]byte) error) error {
		err := d.ring.try(open)
		if !errors.Is(err, certfile.ErrPhrase) {
			return err
		}
		key := key
		key.File = file
		return d.unlock(key, open)
	}
}

// unlock asks for the phrase of a key until one fits. A program that is run for each
// key is asked once, as in httpd.
func (d *Dialog) unlock(key Key, open func([]byte) error) error {
	ask, tries := d.run, 1
	switch d.source.Kind {
	case Pipe:
		ask, tries = d.say, retries
	case Builtin:
		ask, tries = d.prompt, retries
	case Exec:
	}
	for left := tries - 1; ; left-- {
		phrase, err := ask(key, left == tries-1)
		if err != nil {
			return err
		}
		err = open(phrase)
		if err == nil {
			d.ring.keep(phrase)
		}
		clear(phrase)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, certfile.ErrPhrase):
			return err
		case left == 0:
			return fmt.Errorf("AH02580: Init: Pass phrase incorrect for key %s%s: %w", key.ID(), d.by(), err)
		}
	}
}

// by says who gave the phrase.
func (d *Dialog) by() string {
	if d.source.Kind == Builtin {
		return ""
	}
	return " (from " + d.source.Program + ")"
}

// Close ends the program that is asked by its input.
func (d *Dialog) Close() {
	if d.pipe != nil {
		d.pipe.close()
		d.pipe = nil
	}
}
