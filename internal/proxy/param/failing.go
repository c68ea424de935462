package param

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
)

// Parameters that httpd has not. They are read strictly: what is no number is
// none.

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
