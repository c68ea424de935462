package param

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
)

// Parameters that httpd has not. They are read strictly: what is no number is
// none.

// Outlier is what a balancer says of members whose requests fail while those of
// others do not.
type Outlier struct {
	On       bool
	Faults   int           // so many in a row take a member out; 0: any number may be
	Rate     int           // and so many percent of the requests in Window; 0: any number may be
	Requests int           // if there were at least so many
	Window   time.Duration // how far back requests count
	Time     time.Duration // how long it is out the first time; then twice as long, and so on
	MaxTime  time.Duration // the longest time
	Share    int           // how many percent of the members may be out
	Slow     time.Duration // a response that begins later is a fault; 0: none is
	Status   []int         // and so is one with such a status
}

var defaultOutlier = Outlier{
	Faults: 5, Rate: 50, Requests: 20, Window: 10 * time.Second, Time: 10 * time.Second, MaxTime: 5 * time.Minute, Share: 50,
	Status: []int{502, 503, 504},
}

// setOutlierStatus reads statuses with commas between them, or None.
func setOutlierStatus(p *Params, v string, _ *Known) error {
	p.Balancer.Outlier.Status = nil
	if ascii.EqualFold(v, "none") {
		return nil
	}
	for _, s := range strings.Split(v, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil || n < 100 || n > 599 {
			return errors.New("outlierstatus must be None or HTTP response codes with commas between them")
		}
		p.Balancer.Outlier.Status = append(p.Balancer.Outlier.Status, n)
	}
	return nil
}

// duration makes the setter of a time, in seconds unless it has a unit, of at
// least a millisecond and at most a day. 0 is allowed where zero says so.
func duration(field func(*Params) *time.Duration, zero bool, name string) setter {
	return func(p *Params, v string, _ *Known) error {
		d, ok := ascii.ParseTimeout(v, time.Second)
		if !ok || d > 24*time.Hour || d < time.Millisecond && !(zero && d == 0) {
			return fmt.Errorf("%s must be a time in seconds, or with a unit (500ms), of at most a day", name)
		}
		*field(p) = d
		return nil
	}
}

// number makes the setter of a number from lo to hi.
func number(field func(*Params) *int, lo, hi int, name string) setter {
	return func(p *Params, v string, _ *Known) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < lo || n > hi {
			return fmt.Errorf("%s must be a number between %d and %d", name, lo, hi)
		}
		*field(p) = n
		return nil
	}
}

// setRetryBudget reads a percentage, or Off for no limit.
func setRetryBudget(p *Params, v string, k *Known) error {
	if ascii.EqualFold(v, "off") {
		p.Balancer.RetryBudget = -1
		return nil
	}
	if number(func(p *Params) *int { return &p.Balancer.RetryBudget }, 0, 1000, "retrybudget")(p, v, k) != nil {
		return errors.New("retrybudget must be Off or a percentage from 0 to 1000")
	}
	return nil
}
