package autoindex

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
)

// optionWords are the options without a value.
var optionWords = []struct {
	name string
	is   options
}{
	{"FancyIndexing", fancy},
	{"FoldersFirst", foldersFirst},
	{"HTMLTable", table},
	{"IconsAreLinks", iconsAreLinks},
	{"IgnoreCase", ignoreCase},
	{"IgnoreClient", ignoreClient},
	{"ScanHTMLTitles", scanTitles},
	{"SuppressColumnSorting", noSorting},
	{"SuppressDescription", noDescription},
	{"SuppressHTMLPreamble", noPreamble},
	{"SuppressIcon", noIcon},
	{"SuppressLastModified", noModified},
	{"SuppressSize", noSize},
	{"SuppressRules", noRules},
	{"TrackModified", trackModified},
	{"VersionSort", versionSort},
	{"XHTML", xhtml},
	{"ShowForbidden", showForbidden},
	{"AddAltClass", altClass},
	{"UseOldDateFormat", oldDates},
}

// The widths where none are set, and the size of httpd's icons.
const (
	defaultNameWidth        = 23
	defaultDescriptionWidth = 23
	defaultIconWidth        = 20
	defaultIconHeight       = 22
)

// values are the options that have a value, or may have one. Each sets it by the
// sign before its name, and by the text after its equals sign.
var values = []struct {
	name string
	set  func(d *conf, c *directive.Call, sign byte, value string, given bool) error
}{
	{"IconWidth", icon("IconWidth", defaultIconWidth, func(d *conf) *int { return &d.iconWidth })},
	{"IconHeight", icon("IconHeight", defaultIconHeight, func(d *conf) *int { return &d.iconHeight })},
	{"NameWidth", func(d *conf, c *directive.Call, sign byte, value string, given bool) error {
		w, err := readWidth(c, "NameWidth", 5, defaultNameWidth, d.name.V, sign, value, given)
		d.name.To(w)
		return err
	}},
	{"DescriptionWidth", func(d *conf, c *directive.Call, sign byte, value string, given bool) error {
		w, err := readWidth(c, "DescriptionWidth", 12, defaultDescriptionWidth, d.description.V, sign, value, given)
		d.description.To(w)
		return err
	}},
	{"Type", word(func(d *conf) *string { return &d.contentType })},
	{"Charset", word(func(d *conf) *string { return &d.charset })},
}

func optionNames() (names []string) {
	for _, o := range optionWords {
		names = append(names, o.name)
	}
	for _, v := range values {
		names = append(names, v.name)
	}
	return append(names, "None")
}

const notAnOption = "Invalid directory indexing option"

func icon(name string, usual int, field func(*conf) *int) func(*conf, *directive.Call, byte, string, bool) error {
	return func(d *conf, c *directive.Call, sign byte, value string, given bool) error {
		switch {
		case given && sign == '-':
			return c.Errorf("Cannot combine '-' with %s=n", name)
		case given:
			*field(d) = c.Number(value)
		case sign == '-':
			*field(d) = 0
		default:
			*field(d) = usual
		}
		return nil
	}
}

func readWidth(c *directive.Call, name string, least, usual int, was width, sign byte, value string, given bool) (width, error) {
	switch {
	case !given && sign != '-':
		return was, c.Errorf("%s with no value may only appear as '-%s'", name, name)
	case !given:
		return width{n: usual}, nil
	case sign == '-':
		return was, c.Errorf("Cannot combine '-' with %s=n", name)
	case strings.HasPrefix(value, "*"):
		return width{n: first(was.n, usual), adjust: true}, nil
	}
	n := c.Number(value)
	if n != 0 && n < least {
		return was, c.Errorf("%s value must be greater than %d", name, least)
	}
	return width{n: n}, nil
}

func word(field func(*conf) *string) func(*conf, *directive.Call, byte, string, bool) error {
	return func(d *conf, c *directive.Call, sign byte, value string, given bool) error {
		if !given || sign == '-' {
			return c.Errorf(notAnOption)
		}
		*field(d) = value
		return nil
	}
}

// setOptions is IndexOptions. httpd: add_opts.
func setOptions(c *directive.Call) error {
	d := slot.Of(c.Dir)
	opts, plus, minus := d.opts, d.plus, d.minus
	for _, w := range c.Args {
		var sign byte
		if w != "" && (w[0] == '+' || w[0] == '-') {
			sign, w = w[0], w[1:]
		}
		if ascii.EqualFold(w, "None") {
			if sign != 0 {
				return c.Errorf("Cannot combine '+' or '-' with 'None' keyword")
			}
			opts, plus, minus = none, 0, 0
			continue
		}
		is, err := option(d, c, sign, w)
		switch {
		case err != nil:
			return err
		case sign == 0:
			opts, plus, minus = opts|is, 0, 0
		case sign == '+':
			plus, minus = plus|is, minus&^is
		default:
			minus, plus = minus|is, plus&^is
		}
	}
	if opts&none != 0 && opts != none {
		return c.Errorf("Cannot combine other IndexOptions keywords with 'None'")
	}
	d.opts, d.plus, d.minus = opts, plus, minus
	return nil
}

// option reads one option, and sets it if it has a value.
func option(d *conf, c *directive.Call, sign byte, w string) (options, error) {
	for _, o := range optionWords {
		if ascii.EqualFold(w, o.name) {
			return o.is, nil
		}
	}
	name, value, given := strings.Cut(w, "=")
	for _, v := range values {
		if ascii.EqualFold(name, v.name) {
			return 0, v.set(d, c, sign, value, given)
		}
	}
	return 0, c.Errorf(notAnOption)
}
