package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// usageError formats a usage error as one line that names the help.
func usageError(root *cobra.Command, args []string, err error) string {
	c, rest, findErr := root.Find(args)
	if findErr != nil {
		c = root
	}
	text := usageText(err)
	switch {
	case strings.HasPrefix(text, "required flag"):
		text = "missing flags: " + c.Use
	case c == root && len(rest) > 0 && !strings.HasPrefix(rest[0], "-"):
		text = noCommand(root, rest[0])
	case c.Name() == "help" && strings.HasPrefix(text, "unknown command "):
		// helpCommand has formatted it
	case strings.HasPrefix(text, "accepts "), strings.HasPrefix(text, "unknown command "):
		text = "wrong number of arguments: " + c.Use
	}
	if c == root || c.Name() == "help" {
		return text + " (see headgate help)"
	}
	return text + fmt.Sprintf(" (see headgate help %s)", c.Name())
}

// noCommand reports an unknown command and suggests the closest one.
func noCommand(root *cobra.Command, word string) string {
	text := fmt.Sprintf("unknown command %q", word)
	if near := root.SuggestionsFor(word); len(near) > 0 {
		text += fmt.Sprintf("; did you mean %q?", near[0])
	}
	return text
}

// helpCommand is cobra's, except that an unknown command is an error.
func (p process) helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "help about a command",
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return errors.New(noCommand(root, strings.Join(args, " ")))
			}
			c.InitDefaultHelpFlag() // as cobra's own does
			c.InitDefaultVersionFlag()
			return c.Help()
		},
	}
}
