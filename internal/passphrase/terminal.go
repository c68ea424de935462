package passphrase

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

const explanation = `Headgate (Pass Phrase Dialog)
Some of your private key files are encrypted for security reasons.
In order to read them you have to provide the pass phrases.
`

// writeQuestion writes which phrase is wanted.
func writeQuestion(w io.Writer, key Key, first bool) {
	if first {
		fmt.Fprintf(w, "\nPrivate key %s (%s)\n", key.ID(), key.File)
	}
	_, _ = io.WriteString(w, "Enter pass phrase:")
}

var (
	errNoTerminal = errors.New("the private key is encrypted, and there is no terminal to ask for its pass phrase (SSLPassPhraseDialog builtin): SSLPassPhraseDialog exec:/path/to/program names a program that knows it")
	errServing    = errors.New("AH02578: Init: Unable to read pass phrase [Hint: key introduced or changed before restart?]: SSLPassPhraseDialog builtin asks at a start only")
)

// terminal is where a phrase is typed in.
type terminal interface {
	// read prints a text and returns what is typed, which is not shown.
	read(prompt string) ([]byte, error)
	io.Writer
	io.Closer
}

// prompt asks at the terminal.
func (d *Dialog) prompt(key Key, first bool) ([]byte, error) {
	if d.ring.started() {
		return nil, errServing
	}
	t, err := d.terminal()
	if err != nil {
		return nil, err
	}
	defer t.Close()
	switch {
	case !d.asked:
		_, _ = io.WriteString(t, explanation)
		d.asked = true
	case !first:
		_, _ = io.WriteString(t, "Pass phrase incorrect, once more.\n")
	}
	if first {
		fmt.Fprintf(t, "\nPrivate key %s (%s)\n", key.ID(), key.File)
	}
	phrase, err := t.read("Enter pass phrase:")
	if err != nil {
		return nil, fmt.Errorf("no pass phrase was typed in for key %s: %w", key.ID(), err)
	}
	return phrase, nil
}

// tty is a terminal.
type tty struct {
	*os.File
	opened bool // for this, so that it is closed
}

// openTerminal returns standard input if it is a terminal, else that of the session.
func openTerminal() (terminal, error) {
	if term.IsTerminal(int(os.Stdin.Fd())) {
		return tty{File: os.Stdin}, nil
	}
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, errNoTerminal
	}
	return tty{f, true}, nil
}

// read implements terminal. In raw mode an interrupt is a character that ends the line,
// however the process handles signals.
func (t tty) read(prompt string) ([]byte, error) {
	fd := int(t.Fd())
	old, err := term.MakeRaw(fd)
	if err != nil {
		return nil, err
	}
	defer func() { _ = term.Restore(fd, old) }()
	text, err := term.NewTerminal(t, "").ReadPassword(prompt)
	return []byte(text), err
}

// Close implements io.Closer.
func (t tty) Close() error {
	if t.opened {
		return t.File.Close()
	}
	return nil
}
