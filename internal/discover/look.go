package discover

import (
	"context"
	"errors"

	"github.com/headgate/headgate/internal/labels"
)

// Look asks the daemon of a HeadgateDiscover docker directive once, and returns what
// would become of its containers and of every label.
func Look(ctx context.Context, s Spec, f *Facts) (found labels.Result, r Result, seen int, err error) {
	if s.Kind != KindDocker {
		return found, r, 0, errors.New("only containers have labels")
	}
	d := newDocker(s).(*docker)
	c, err := dialDocker(s.Address)
	if err != nil {
		return found, r, 0, err
	}
	defer c.Close()
	if _, err := d.list(ctx, c, nil); err != nil {
		return found, r, 0, err
	}
	all := d.current()
	found = d.labels.Translate(all, d.options(f))
	return found, d.resultOf("discovered:docker/", &found), len(all), nil
}
