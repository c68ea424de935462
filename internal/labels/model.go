package labels

import (
	"fmt"
	"hash/fnv"
	"hash/maphash"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// translation translates one group of containers: all those there are, or some that share no name with others.
type translation struct {
	o    Options
	seed maphash.Seed // of the keys of names
	all  *catalog     // the middlewares of all containers; nil: this is for those that a container defines

	used    []use      // names that it has looked up or taken
	asked   []question // of o, and the answers
	drawn   []draw     // middlewares that it has looked up
	defined []*middleware

	services                  map[serviceKey]*service
	order                     []*service // oldest first
	balancers                 map[string]*service
	routers                   []*router // oldest first
	routerNames, routerPrints map[string]bool
	servicesNamed             map[string]*service // the oldest, by name alone
	pending                   []*pendingRouter

	looked   []*fields
	hosts    map[siteKey]*site
	wide     []wideAlternative // in the order of their routers
	sites    []*site           // in the order of the text
	files    []ownedFile
	labels   []Label
	problems []Problem
}

func newTranslation(o Options, seed maphash.Seed, all *catalog) *translation {
	return &translation{
		o: o, seed: seed, all: all, services: map[serviceKey]*service{}, balancers: map[string]*service{}, servicesNamed: map[string]*service{},
		routerNames: map[string]bool{}, routerPrints: map[string]bool{}, hosts: map[siteKey]*site{},
	}
}

// problem notes something that is not served.
func (t *translation) problem(c *Container, label, format string, args ...any) *Problem {
	name := shown(c.Name)
	subject := name
	if label != "" {
		subject += ": " + label
	}
	t.problems = append(t.problems, Problem{Subject: subject, Container: name, Label: label, Reason: fmt.Sprintf(format, args...)})
	return &t.problems[len(t.problems)-1]
}

// shown is the name of a container as messages and comments have it: as it is where it has the characters that Docker allows.
func shown(name string) string {
	plain := name != "" && len(name) <= 2*maxWord
	for i := range len(name) {
		plain = plain && (isAlnum(name[i]) || strings.IndexByte("-_./", name[i]) >= 0)
	}
	if plain {
		return name
	}
	return clip(strings.ReplaceAll(strconv.QuoteToASCII(name), "$", `\x24`))
}

// scope is within what a container's names count: its Compose project, else the repository of its image, so that two that
// were started by hand can be one service, also while a new version replaces the old one. Containers of one scope trust each
// other: they may share services, routers and hosts.
func (c *Container) scope() scope {
	if c.Project != "" {
		return scope{project: c.Project}
	}
	if r := c.repository(); r != "" {
		return scope{image: r}
	}
	return scope{container: c.Name}
}

// scope is a Compose project, or for a container that is in none its image, or the container.
type scope struct{ project, image, container string }

func (s scope) String() string {
	if s.image != "" {
		return "image " + s.image
	}
	return "project " + s.project + " container " + s.container
}

// repository is the name of a container's image without tag and digest. It is "" for an image that has lost its name: the
// daemon then tells its digest, or the start of it.
func (c *Container) repository() string {
	name, _, _ := strings.Cut(c.Image, "@")
	if at := strings.LastIndexByte(name, ':'); at > strings.LastIndexByte(name, '/') {
		name = name[:at]
	}
	if name == "sha256" || digestLike.MatchString(name) {
		return ""
	}
	return name
}

var digestLike = regexp.MustCompile(`^[0-9a-f]{12,}$`)

// serviceKey names a service, or a middleware, within its scope.
type serviceKey struct {
	scope scope
	name  string
}

// words are the key as names of one kind.
func (k serviceKey) words() []string {
	return []string{k.scope.project, k.scope.image, k.scope.container, k.name}
}

// service is a balancer in the making.
type service struct {
	key      serviceKey
	balancer string // its name in the text
	first    *Container
	settings settings
	members  []Member
	hosts    []string
	paths    []string
	retry    []string // maxattempts=, of a middleware
	kept     bool     // it is in the text though no router leads to it
}

// settings are what all members of a service have in common.
type settings struct {
	params []string // of the balancer, "name=value" and checked
	lines  []string // of its <Proxy> section
}

func (a settings) equal(b settings) bool {
	return slices.Equal(a.params, b.params) && slices.Equal(a.lines, b.lines)
}

// router says which requests a service takes.
type router struct {
	name     string // unique, safe in the text
	label    string // for messages: the label that asks for it
	first    *Container
	service  *service // nil: its steps respond
	rule     *node
	priority int
	entries  []Entrypoint
	tls      bool   // its entries have TLS
	wide     bool   // it has a part that names no host
	closed   bool   // it is refused, and responds with 503
	own      bool   // made of headgate.* labels: paths are whole segments, the URL is as Apache makes it
	target   string // own: the path at the container, if another one
	steps    steps
	conf     []string // lines of its section
}

// member returns the address of a container as a member.
func (t *translation) member(c *Container, scheme, port, network string) (Member, error) {
	host, err := t.address(c, network)
	if err != nil {
		return Member{}, err
	}
	n, err := c.port(port)
	if err != nil {
		return Member{}, err
	}
	addr := netip.AddrPortFrom(host, n)
	return Member{
		Container: c.Name, URL: scheme + "://" + addr.String(),
		Draining: c.Health == "unhealthy", Disabled: c.Health == "starting",
	}, nil
}

// address returns the address by which a container is reached.
func (t *translation) address(c *Container, network string) (netip.Addr, error) {
	if c.HostNetwork {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
	}
	network = firstOf(network, t.o.Network)
	var names []string
	for name := range c.Addrs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		// Compose puts the project ahead of a network's name.
		if network != "" && name != network && name != c.Project+"_"+network {
			continue
		}
		if a, err := netip.ParseAddr(c.Addrs[name]); err == nil && a.Zone() == "" {
			return a.Unmap(), nil
		}
	}
	if network != "" {
		return netip.Addr{}, fmt.Errorf("it has no address in the network %q", clip(network))
	}
	return netip.Addr{}, fmt.Errorf("it has no address")
}

// port returns the port of a container: the one that a label names, or the lowest that it exposes.
func (c *Container) port(label string) (uint16, error) {
	if label != "" {
		n, err := strconv.ParseUint(label, 10, 16)
		if err != nil || n == 0 {
			return 0, fmt.Errorf("%q is no port", clip(label))
		}
		return uint16(n), nil
	}
	if len(c.Ports) == 0 {
		return 0, fmt.Errorf("it exposes no port, and no label names one")
	}
	return c.Ports[0], nil
}

// join makes a container a member of a service, which is there from then on. Its oldest container decides the settings.
func (t *translation) join(key serviceKey, balancer string, c *Container, set settings, m Member) (*service, error) {
	t.uses(owns, "service", key.words()...)
	s := t.services[key]
	if s == nil {
		t.uses(shares, "service by name", key.name)
		s = &service{key: key, first: c, settings: set}
		s.balancer = t.balancerName(balancer, key)
		t.uses(owns, "balancer", s.balancer)
		t.services[key] = s
		if t.servicesNamed[key.name] == nil {
			t.servicesNamed[key.name] = s
		}
		t.balancers[s.balancer] = s
		t.order = append(t.order, s)
	}
	if !slices.ContainsFunc(s.members, func(o Member) bool { return o.URL == m.URL }) {
		s.members = append(s.members, m)
	}
	if !s.settings.equal(set) {
		return s, fmt.Errorf("its settings differ from those of %s, which is older and decides", shown(s.first.Name))
	}
	return s, nil
}

// balancerName makes the name of a balancer. Names that are the same once they are safe are told apart by a hash of what they
// were made of, so that a name does not depend on what else is there: the older one keeps the short form.
func (t *translation) balancerName(wish string, key serviceKey) string {
	name := strings.ReplaceAll(slug(wish), "_", "-")
	if name == "" || t.hasBalancer(name) {
		h := fnv.New32a()
		h.Write([]byte(key.scope.String() + "\x00" + key.name))
		name = strings.TrimPrefix(fmt.Sprintf("%s-%08x", name, h.Sum32()), "-")
	}
	for t.hasBalancer(name) {
		name += "x"
	}
	return name
}

// hasBalancer says whether a name of a balancer is in use, by a service or outside of the containers.
func (t *translation) hasBalancer(name string) bool {
	if _, taken := t.balancerTaken(name); taken {
		return true
	}
	t.uses(asks, "balancer", name)
	return t.balancers[name] != nil
}

// ownerOf returns who has a balancer that a label of another service names, "" if nobody has.
func (t *translation) ownerOf(name string, key serviceKey) string {
	if owner, taken := t.balancerTaken(name); taken {
		return owner
	}
	t.uses(asks, "balancer", name)
	if o := t.balancers[name]; o != nil && o.key != key {
		return shown(o.first.Name)
	}
	return ""
}

// display is the name of what a container belongs to, for balancers and hosts that nobody named.
func (c *Container) display() string {
	if c.Service != "" && c.Project != "" {
		return slug(c.Service) + "-" + slug(c.Project)
	}
	return slug(strings.TrimPrefix(c.Name, "/"))
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// schemes are what a member may speak.
func checkScheme(s string) (string, error) {
	switch s = ascii.ToLower(s); s {
	case "http", "https", "ajp", "fcgi", "scgi", "uwsgi":
		return s, nil
	}
	return "", fmt.Errorf("the scheme %q is none of http, https, ajp, fcgi, scgi and uwsgi", clip(s))
}
