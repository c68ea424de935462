package labels

import (
	"cmp"
	"strings"
	"time"
)

// Container is what is known of a container.
type Container struct {
	ID, Name, Image  string
	Project, Service string    // labels of Docker Compose, or ""
	Created          time.Time // who was first keeps a host
	Health           string    // "" without a health check, "starting", "healthy", "unhealthy"
	Running          bool
	Labels           map[string]string
	Addrs            map[string]string // name of a network → address of the container in it
	HostNetwork      bool              // it listens on the addresses of this machine
	Ports            []uint16          // exposed TCP ports, ascending
}

// Options say what surrounds the containers.
type Options struct {
	Network     string // the network whose addresses count; "": the only one, or the first by name
	DefaultHost string // host of a mapping that names none; "": what nobody else names
	ExposeAll   bool   // containers without labels are served too, by their name

	// Entrypoints are the addresses that Traefik's labels call by name; nil: DefaultEntrypoints.
	Entrypoints map[string]Entrypoint

	// Certificate returns the files of the certificate for a host, and of its key; nil: there are none. The host "" stands
	// for clients that name none, or one that nobody has.
	Certificate func(host string) (cert, key string, ok bool)

	// Taken says who has a path of a host outside of the containers; nil: nobody. The host "*" stands for hosts that nobody
	// names, "*.x.y" for all below x.y.
	Taken func(host, path string) (owner string, taken bool)

	// BalancerTaken says who has a balancer of that name outside of the containers; nil: nobody.
	BalancerTaken func(name string) (owner string, taken bool)

	// PasswordDir is the folder in which the caller puts Result.Files; "": it cannot, and whatever needs one is refused.
	PasswordDir string
}

// Entrypoint is an address that requests come in by.
type Entrypoint struct {
	Address string // as in <VirtualHost>: "*:80"
	TLS     bool
}

// DefaultEntrypoints are the names that are common in compose files.
func DefaultEntrypoints() map[string]Entrypoint {
	plain, secure := Entrypoint{Address: "*:80"}, Entrypoint{Address: "*:443", TLS: true}
	return map[string]Entrypoint{
		"web": plain, "http": plain,
		"websecure": secure, "web-secure": secure, "web_secure": secure, "https": secure,
	}
}

// complete returns the options as a translation uses them.
func (o Options) complete() Options {
	if o.Entrypoints == nil {
		o.Entrypoints = DefaultEntrypoints()
	}
	if h, err := hostName(o.DefaultHost); err != nil {
		o.DefaultHost = ""
	} else {
		o.DefaultHost = h
	}
	return o
}

// Result is what became of the containers. What it points to never changes.
type Result struct {
	Services []*Service // sorted by name
	Sites    []*Site    // in the order of the text
	Files    []File     // which the text names, for PasswordDir
	Labels   []Label    // what became of each label, sorted by container and name
	Problems []Problem  // what is not served, or not as its labels say
	Listen   []string   // the addresses that the text needs a Listen for, sorted
}

// Service is a balancer and its containers.
type Service struct {
	Name       string // of the balancer
	Config     string // its <Proxy> section
	Containers []string
	Hosts      []string // that lead to it, sorted
	Paths      []string
	Members    []Member
	Problems   []Problem // those of its containers
}

// Member is a container as a member of a balancer.
type Member struct {
	Container string
	URL       string
	Draining  bool // unhealthy: it keeps its sessions and gets no new ones
	Disabled  bool // it is still starting

	params []string
}

// Site is a virtual host of the text.
type Site struct {
	Address  string
	Hosts    []string // "*.x" stands for those below x, "*" for those that nobody names; empty: it only is the first of its address
	Services []string
	Config   string
}

// File is a file that the text names.
type File struct{ Name, Content string }

// Verdict says what became of a label.
type Verdict uint8

// The verdicts.
const (
	Honoured Verdict = iota // done as it says
	Mapped                  // done in another way, which the note tells
	Harmless                // nothing has to be done, for the reason in the note
	Refused                 // not done, for the reason in the note
)

// String returns the word for a verdict.
func (v Verdict) String() string { return [...]string{"honoured", "mapped", "harmless", "refused"}[v] }

// Label is the verdict on a label of a container.
type Label struct {
	Container, Name string
	Verdict         Verdict
	Note            string
}

// Problem is something that is not served, or not as its labels say.
type Problem struct {
	Subject   string // the container, and the label if it is about one
	Container string
	Label     string // "": about the container
	Reason    string
	Other     string // of a conflict: who has what was asked for
}

// String writes the problem as a line: container, label, reason.
func (p Problem) String() string {
	return p.Subject + ": " + p.Reason
}

// Conflict says whether the problem is that somebody else has what was asked for.
func (p Problem) Conflict() bool { return p.Other != "" }

// Config returns the whole text: services, then sites.
func (r *Result) Config() string {
	var b strings.Builder
	for i := range r.Services {
		b.WriteString(r.Services[i].Config)
		b.WriteByte('\n')
	}
	for i := range r.Sites {
		b.WriteString(r.Sites[i].Config)
		b.WriteByte('\n')
	}
	return b.String()
}

// Translate returns the configuration that the labels of containers ask for. It translates all of them as one group; a
// Translator has the same result, and keeps what it can for the next one.
func Translate(containers []Container, o Options) Result {
	all := make([]*Container, 0, len(containers))
	for i := range containers {
		if c := &containers[i]; c.Running {
			all = append(all, c)
		}
	}
	t := newTranslator(o.complete())
	t.together(all)
	return t.gather()
}

// byAge is the order of containers. Those of the same age are told apart by name and id, so that the order does not depend on
// how they were listed.
func byAge(a, b *Container) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
}
