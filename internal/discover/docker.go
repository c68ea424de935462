package discover

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"

	"github.com/headgate/headgate/internal/labels"
	"github.com/headgate/headgate/internal/lock"
)

// The pace of a docker source.
const (
	gather     = 20 * time.Millisecond // containers whose events come so close together are asked for at once
	firstPause = 100 * time.Millisecond
	mostPause  = 5 * time.Second
	alive      = 15 * time.Second // how often the daemon is asked whether it lives
	patience   = 10 * time.Second // for a response
	mostDirty  = 50               // more changed containers than these are asked for with all others
	grace      = time.Minute      // how long a container that was told to stop is believed to be about to
)

// docker is the source of HeadgateDiscover docker. It follows the events of a
// daemon and asks for what has changed. A daemon that cannot be heard keeps what was
// there; then everything is asked for again.
type docker struct {
	spec  Spec
	own   string // the beginning of the id of the container that this process is in, if it is
	files *passwordFiles

	mu         lock.Mutex // guards what follows
	health     health
	containers map[string]*labels.Container // by id; another state is another Container
	leaving    map[string]*leaver           // by id, those that were told to stop

	suspects map[string]bool    // texts that do not compile and are not looked into yet
	culprits map[string]culprit // by id, containers whose labels do not compile

	one    lock.Mutex // guards what follows, from other calls of Translate
	labels labels.Translator
	pieces pieces
}

// leaver is a container that was told to stop.
type leaver struct {
	at      time.Time
	was     *labels.Container // that drained was made of
	drained *labels.Container
}

func newDocker(s Spec) Source {
	return &docker{spec: s, own: ownContainer(), files: new(passwordFiles), containers: map[string]*labels.Container{}, leaving: map[string]*leaver{},
		suspects: map[string]bool{}, culprits: map[string]culprit{}}
}

// Run implements Source.
func (d *docker) Run(ctx context.Context, tell func()) {
	defer d.files.remove()
	wait := firstPause
	for ctx.Err() == nil {
		heard, err := d.follow(ctx, tell)
		if ctx.Err() != nil {
			return
		}
		if heard {
			wait = firstPause
		}
		if d.failed(err) {
			tell()
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
		wait = min(2*wait, mostPause)
	}
}

// failed notes why the daemon cannot be heard.
func (d *docker) failed(err error) bool {
	if errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "permission denied") { // the client hides the cause
		err = fmt.Errorf("%w (the server's user must be allowed to: add it to the group of the socket)", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.health.fail(time.Now(), oneLine(err))
}

// actions are the events that may change what is served.
var actions = []string{
	"create", "start", "restart", "die", "stop", "kill", "destroy", "pause", "unpause", "rename", "update", "health_status", "connect", "disconnect",
}

// follow follows the daemon until that fails. heard: it has said what there is.
func (d *docker) follow(ctx context.Context, tell func()) (heard bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	c, err := dialDocker(d.spec.Address)
	if err != nil {
		return false, err
	}
	defer c.Close()
	// Events first: what happens while everything is listed must not be missed.
	said := c.Events(ctx, client.EventsListOptions{Filters: make(client.Filters).Add("type", "container", "network").Add("event", actions...)})
	if _, err := d.list(ctx, c, nil); err != nil {
		return false, err
	}
	tell()
	return true, d.listen(ctx, c, said, tell)
}

// listen takes events in until the daemon cannot be heard any more.
func (d *docker) listen(ctx context.Context, c *client.Client, said client.EventsResult, tell func()) error {
	dirty := map[string]bool{}
	soon := time.NewTimer(time.Hour)
	soon.Stop()
	defer soon.Stop()
	check := time.NewTicker(alive)
	defer check.Stop()
	for n := 1; ; {
		select {
		case m := <-said.Messages:
			id, now := d.event(&m)
			if id == "" {
				continue
			}
			if now {
				tell()
			}
			if len(dirty) == 0 {
				soon.Reset(gather)
			}
			dirty[id] = true
		case err := <-said.Err:
			if err == nil {
				err = errors.New("the stream of events has ended")
			}
			return err
		case <-soon.C:
			if err := d.refresh(ctx, c, dirty, tell); err != nil {
				return err
			}
			clear(dirty)
		case <-check.C:
			if n++; n%20 == 0 { // in case that events were lost
				dirty[""] = true
				soon.Reset(gather)
				continue
			}
			if err := d.ping(ctx, c); err != nil {
				return err
			}
		}
	}
}

// ping asks the daemon whether it lives.
func (d *docker) ping(ctx context.Context, c *client.Client) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	if _, err := c.Ping(ctx, client.PingOptions{}); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.health.ok(time.Now())
	for id, l := range d.leaving {
		if time.Since(l.at) > grace {
			delete(d.leaving, id)
		}
	}
	return nil
}

// event returns the container that an event is about. now: it is told to stop, and
// gets no new requests from here on; it need not be asked for that.
func (d *docker) event(m *events.Message) (id string, now bool) {
	id = m.Actor.ID
	if m.Type == events.NetworkEventType {
		return m.Actor.Attributes["container"], false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch m.Action {
	case events.ActionKill:
		if _, known := d.containers[id]; known && ends[m.Actor.Attributes["signal"]] {
			d.leaving[id] = &leaver{at: time.Now()}
			return id, true
		}
	case events.ActionDie, events.ActionStart, events.ActionDestroy:
		delete(d.leaving, id)
	}
	return id, false
}

// ends are the signals by which a container is told to stop.
var ends = map[string]bool{"2": true, "3": true, "9": true, "15": true}

// refresh asks for the containers that have changed.
func (d *docker) refresh(ctx context.Context, c *client.Client, dirty map[string]bool, tell func()) error {
	var ids []string
	if len(dirty) <= mostDirty && !dirty[""] {
		ids = slices.Sorted(maps.Keys(dirty))
	}
	changed, err := d.list(ctx, c, ids)
	if changed {
		tell()
	}
	return err
}

// list asks for containers; without ids for all. It reports whether any has changed.
func (d *docker) list(ctx context.Context, c *client.Client, ids []string) (changed bool, err error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	o := client.ContainerListOptions{All: true, Filters: make(client.Filters)}
	if d.spec.Project != "" {
		o.Filters.Add("label", composeProject+"="+d.spec.Project)
	}
	if ids != nil {
		o.Filters.Add("id", ids...)
	}
	found, err := c.ContainerList(ctx, o)
	if err != nil {
		return false, err
	}
	now := make(map[string]*labels.Container, len(found.Items))
	for i := range found.Items {
		s := &found.Items[i]
		if d.own == "" || !strings.HasPrefix(s.ID, d.own) {
			now[s.ID] = container(s)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.health.ok(time.Now())
	return d.takeLocked(now, ids), nil
}

// takeLocked takes over what the daemon says of containers, without ids of all: those
// that it does not list are gone. One that has not changed stays the same pointer.
func (d *docker) takeLocked(now map[string]*labels.Container, ids []string) (changed bool) {
	if ids == nil {
		ids = slices.Collect(maps.Keys(d.containers))
	}
	for _, id := range ids {
		if _, known := d.containers[id]; known && now[id] == nil {
			delete(d.containers, id)
			changed = true
		}
	}
	for id, c := range now {
		if !reflect.DeepEqual(d.containers[id], c) {
			d.containers[id] = c
			changed = true
		}
	}
	return changed
}

// State implements Source.
func (d *docker) State(r *Report) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.health.fill(r)
	r.Seen = len(d.containers)
}

// current returns the containers, with those that were told to stop drained.
func (d *docker) current() []*labels.Container {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]*labels.Container, 0, len(d.containers))
	for id, c := range d.containers {
		if l := d.leaving[id]; l != nil {
			c = l.drain(c)
		}
		all = append(all, c)
	}
	return all
}

// drain returns a container as one that gets no new requests.
func (l *leaver) drain(c *labels.Container) *labels.Container {
	if l.was != c {
		drained := *c
		drained.Health = unhealthy
		l.was, l.drained = c, &drained
	}
	return l.drained
}
