package logsink

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/strftime"
)

// Rotation is the rule of one "|rotatelogs …": which file lines belong to. It is
// immutable. Times are rotatelogs' own: seconds since 1970, shifted to the zone
// that the intervals begin in.
type Rotation struct {
	path    string // absolute; a format of strftime if format is not nil
	every   int64  // seconds; 0: by size only
	size    int64  // bytes; 0: by time only
	offset  int64  // seconds east of UTC
	local   bool   // -l: the zone is the machine's
	files   int    // -n: so many files in turn; 0: names with a time
	link    string // -L: a second name of the current file; absolute, or ""
	program string // -p

	force, dirs, create       bool // -f -D -c
	truncate, truncateFurther bool // -t -T
	verbose, echo             bool // -v -e

	format func([]byte, time.Time) []byte // nil: the time in seconds is added
}

// rotateFlags are the options without a value, and what they set.
func (r *Rotation) flag(letter byte) *bool {
	switch letter {
	case 'l':
		return &r.local
	case 'f':
		return &r.force
	case 'D':
		return &r.dirs
	case 't':
		return &r.truncate
	case 'T':
		return &r.truncateFurther
	case 'v':
		return &r.verbose
	case 'e':
		return &r.echo
	case 'c':
		return &r.create
	}
	return nil
}

// ParseRotation returns the rule of a destination "|rotatelogs …", nil where the
// program is another one. Relative names are below root.
func ParseRotation(dest, root string) (*Rotation, error) {
	argv := rotateArgs(dest)
	if argv == nil {
		return nil, nil
	}
	r := &Rotation{}
	rest, err := r.options(argv[1:])
	if err == nil {
		err = r.operands(rest, root)
	}
	if err != nil {
		return nil, fmt.Errorf("rotatelogs: %w", err)
	}
	return r, nil
}

// rotateArgs returns the arguments of a destination that runs rotatelogs, else
// nil. A command for a shell counts as such only if the shell has nothing to do.
func rotateArgs(dest string) []string {
	command, piped := strings.CutPrefix(dest, "|")
	if !piped {
		return nil
	}
	command = strings.TrimPrefix(command, "|")
	if plain, shell := strings.CutPrefix(command, "$"); shell {
		if strings.ContainsAny(plain, "|&;<>()$`\\\"'*?[]#~{}!\n") {
			return nil
		}
		command = strings.TrimPrefix(strings.TrimSpace(plain), "exec ")
	}
	argv := splitArgs(command)
	if len(argv) == 0 || filepath.Base(argv[0]) != "rotatelogs" {
		return nil
	}
	return argv
}

// options takes the options off the arguments. As with getopt, letters may be
// joined, a value may follow its letter at once, and "--" ends them.
func (r *Rotation) options(args []string) (rest []string, err error) {
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		word := args[0][1:]
		args = args[1:]
		if word == "-" {
			break
		}
		for word != "" {
			letter := word[0]
			word = word[1:]
			if on := r.flag(letter); on != nil {
				*on = true
				continue
			}
			if strings.IndexByte("Lpn", letter) < 0 {
				return nil, fmt.Errorf("illegal option -%c", letter)
			}
			if word == "" {
				if len(args) == 0 {
					return nil, fmt.Errorf("option -%c needs an argument", letter)
				}
				word, args = args[0], args[1:]
			}
			if err := r.value(letter, word); err != nil {
				return nil, err
			}
			word = ""
		}
	}
	return args, nil
}

func (r *Rotation) value(letter byte, text string) error {
	switch letter {
	case 'L':
		r.link = text
	case 'p':
		r.program = text
	case 'n':
		n, ok := leadingInt(text)
		if !ok || n <= 0 {
			return errors.New("invalid -n argument")
		}
		r.files = int(n)
	}
	return nil
}

// operands takes the file, and time, size and offset.
func (r *Rotation) operands(args []string, root string) error {
	if len(args) < 2 || len(args) > 4 {
		return errors.New("incorrect number of arguments")
	}
	r.path = below(root, args[0])
	if r.link != "" {
		r.link = below(root, r.link)
	}
	if strings.Contains(r.path, "%") {
		r.format = strftime.Compile(r.path)
	}
	if r.files > 0 && r.format != nil {
		return errors.New("cannot use -n with % in filename")
	}
	for i, arg := range args[1:] {
		if err := r.limit(arg, i == len(args)-2); err != nil {
			return err
		}
	}
	return nil
}

func below(root, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(root, path)
}

// limit takes a size, a time, or, as the last argument after one of them, the
// offset in minutes.
func (r *Rotation) limit(arg string, last bool) error {
	n, _ := leadingInt(arg)
	if i := strings.IndexAny(arg, "BKMG"); i >= 0 {
		if r.size > 0 {
			return errors.New("rotation size parameter allowed only once")
		}
		if i == len(arg)-1 && n > 0 {
			r.size = n << (10 * strings.IndexByte("BKMG", arg[i]))
		}
		if r.size <= 0 {
			return errors.New("invalid rotation size parameter")
		}
		return nil
	}
	switch {
	case (r.size > 0 || r.every > 0) && last:
		r.offset = n * 60
	case r.every > 0:
		return errors.New("rotation time parameter allowed only once")
	case n <= 0:
		return errors.New("invalid rotation time parameter")
	default:
		r.every = n
	}
	return nil
}

// leadingInt returns the number that a text begins with, as atoi does, within
// the range of a C int.
func leadingInt(s string) (int64, bool) {
	s = strings.TrimLeft(s, " \t")
	end := 0
	if end < len(s) && (s[end] == '-' || s[end] == '+') {
		end++
	}
	for end < len(s) && ascii.IsDigit(s[end]) {
		end++
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(s[:end], "+"), 10, 64)
	return min(max(n, math.MinInt32), math.MaxInt32), err == nil || errors.Is(err, strconv.ErrRange)
}

// Command returns the rule as a destination, the same for every way to write it:
// absolute names, no shell.
func (r *Rotation) Command() string {
	var b strings.Builder
	b.WriteString("|rotatelogs")
	for _, letter := range []byte("lfDtTvec") {
		if *r.flag(letter) {
			b.WriteString(" -")
			b.WriteByte(letter)
		}
	}
	word := func(option, text string) {
		if text != "" {
			b.WriteString(option)
			b.WriteString(quoteArg(text))
		}
	}
	word(" -L ", r.link)
	word(" -p ", r.program)
	if r.files > 0 {
		fmt.Fprintf(&b, " -n %d", r.files)
	}
	word(" ", r.path)
	if r.every > 0 {
		fmt.Fprintf(&b, " %d", r.every)
	}
	if r.size > 0 {
		fmt.Fprintf(&b, " %dB", r.size)
	}
	if r.offset != 0 {
		fmt.Fprintf(&b, " %d", r.offset/60)
	}
	return b.String()
}

// quoteArg writes a word so that splitArgs returns it.
func quoteArg(word string) string {
	return strings.NewReplacer(`\`, `\\`, " ", `\ `, "\t", "\\\t", `"`, `\"`, `'`, `\'`).Replace(word)
}

// zone returns how many seconds the rule's time is ahead of UTC.
func (r *Rotation) zone(now time.Time) int64 {
	if r.local {
		_, ahead := now.Local().Zone()
		return int64(ahead)
	}
	return r.offset
}

// Now returns the rule's time.
func (r *Rotation) Now(now time.Time) int64 { return now.Unix() + r.zone(now) }

// File returns the name of the file that begins at a time of the rule. number is
// the file's under -n.
func (r *Rotation) File(at int64, number int) string {
	switch {
	case r.format != nil && r.local:
		// The zone at that time, which may be another one than now.
		t := time.Unix(at, 0)
		_, ahead := t.Add(-time.Duration(r.zone(t)) * time.Second).Local().Zone()
		return string(r.format(nil, time.Unix(at-int64(ahead), 0).Local()))
	case r.format != nil:
		return string(r.format(nil, time.Unix(at, 0).UTC()))
	case r.truncate, r.files > 0 && number == 0:
		return r.path
	case r.files > 0:
		return r.path + "." + strconv.Itoa(number)
	}
	return fmt.Sprintf("%s.%010d", r.path, at)
}

// Link returns the second name of the current file, "" for none.
func (r *Rotation) Link() string { return r.link }

// Files returns how many files there are in turn, at least 1.
func (r *Rotation) Files() int { return max(r.files, 1) }

// Truncates says whether a file is emptied when it is opened; further: it is not
// the first one.
func (r *Rotation) Truncates(further bool) bool {
	return r.truncate || further && (r.truncateFurther || r.files > 0)
}

// Recent says whether a file may begin at a time now: it is the beginning of the
// current interval, or later, and not in the future. A minute is allowed for
// clocks that are set.
func (r *Rotation) Recent(at int64, now time.Time) bool {
	here := r.Now(now)
	return at <= here+60 && at > here-r.every-60
}
