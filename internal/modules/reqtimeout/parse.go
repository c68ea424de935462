package reqtimeout

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
)

// set reads RequestReadTimeout stage=time[-most][,MinRate=rate] ...
func set(c *directive.Call) error {
	s := slot.Of(c.Server)
	stages := map[string]*module.Opt[exchange.ReadTime]{"handshake": &s.handshake, "header": &s.head, "body": &s.body}
	for line := c.Raw; line != ""; {
		var w string
		w, line = syntax.Word(line)
		key, val, ok := strings.Cut(w, "=")
		if !ok {
			return c.Errorf("Invalid RequestReadTimeout parameter. Parameter must be in the form 'key=value'")
		}
		stage := stages[ascii.ToLower(key)]
		if stage == nil {
			return c.Errorf("RequestReadTimeout: %s=%s: Unknown RequestReadTimeout parameter", key, val)
		}
		t, err := parseStage(val)
		if err != nil {
			return c.Errorf("RequestReadTimeout: %s=%s: %w", key, val, err)
		}
		stage.To(t)
	}
	s.said = fault.Limit{Line: "RequestReadTimeout " + c.Raw, Place: c.Pos().String()}
	return nil
}

const rateWord = ",minrate="

// parseStage reads time[-most][,MinRate=rate], all in whole seconds and bytes.
func parseStage(val string) (exchange.ReadTime, error) {
	var t exchange.ReadTime
	at := strings.Index(ascii.ToLower(val), rateWord)
	if at < 0 {
		if strings.Contains(val, "-") {
			return t, errors.New("Must set MinRate option if using timeout range")
		}
		n, err := parseInt(val)
		t.First = time.Duration(n) * time.Second
		return t, err
	}
	rate, err := parseInt(val[at+len(rateWord):])
	if err != nil {
		return t, err
	}
	if rate == 0 {
		return t, errors.New("Minimum data rate must be larger than 0")
	}
	first, longest, ranged := strings.Cut(val[:at], "-")
	most := 0
	if ranged {
		if most, err = parseInt(longest); err != nil {
			return t, err
		}
	}
	n, err := parseInt(first)
	if err != nil {
		return t, err
	}
	if most != 0 && n >= most {
		return t, errors.New("Maximum timeout must be larger than initial timeout")
	}
	t.First, t.Most = time.Duration(n)*time.Second, time.Duration(most)*time.Second
	t.PerByte = time.Second / time.Microsecond / time.Duration(rate) * time.Microsecond // httpd: whole microseconds
	return t, nil
}

// parseInt reads a number as strtol does, stored in 32 bits as in httpd.
func parseInt(s string) (int, error) {
	digits := strings.TrimLeft(s, " \t\n\v\f\r")
	sign := len(digits)
	digits = strings.TrimPrefix(strings.TrimPrefix(digits, "+"), "-")
	if sign-len(digits) > 1 {
		digits = ""
	}
	end := 0
	for end < len(digits) && '0' <= digits[end] && digits[end] <= '9' {
		end++
	}
	if end == 0 {
		return 0, fmt.Errorf("Value '%s' not numerical", s)
	}
	if end < len(digits) {
		return 0, fmt.Errorf("Cannot parse '%s'", digits[end:])
	}
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil {
		n = math.MaxInt64 // as strtol; the other end makes no difference
	}
	if v := int32(n); v >= 0 {
		return int(v), nil
	}
	return 0, errors.New("Value must be non-negative")
}
