package record

// Recorder is told what is decided about an exchange, in the order in which it
// is decided. It is called on the exchange's loop and must not block.
type Recorder interface {
	Record(e Event)
}

// Event is one decision: a type of this package.
type Event interface {
	// Kind is the event's name in JSON.
	Kind() string
}

// Line is a directive of the configuration.
type Line struct {
	Directive string `json:"directive"`       // as written: "ProxyPass /app http://10.0.0.2/"
	Place     string `json:"place,omitempty"` // "file:line"; "" when nothing is known of it
}

// Step says that a step of the pipeline begins.
type Step struct {
	Name string `json:"name"`
}

// Host is the choice of the virtual host.
type Host struct {
	Name    string   `json:"name"`              // ServerName
	Place   string   `json:"place,omitempty"`   // of the <VirtualHost>; "" for the main server
	How     How      `json:"how"`               // why this one
	Asked   string   `json:"asked,omitempty"`   // the name in the request, without port, in lower case
	Matched string   `json:"matched,omitempty"` // the ServerName or ServerAlias that it matched, as written
	Local   string   `json:"local"`             // address:port that the client connected to
	Others  []string `json:"others,omitempty"`  // names of the other virtual hosts of that address, in file order
}

// How says why a virtual host was chosen.
type How string

// The ways to choose a virtual host.
const (
	ByName    How = "name"    // its ServerName is the name in the request
	ByAlias   How = "alias"   // a ServerAlias is
	ByPattern How = "pattern" // a ServerAlias with wildcards matches it
	ByTag     How = "tag"     // the address in its <VirtualHost> tag is
	ByDefault How = "default" // no name matches: it is the first of the address
	ByAddress How = "address" // it is the only one of the address
	ByMain    How = "main"    // no <VirtualHost> has the address: the main server
	ByNobody  How = "alone"   // there is no <VirtualHost> at all
)

// Sections are the sections that apply, in the order in which they merge: later
// ones override earlier ones.
type Sections struct {
	// By is "path" where only <Location> and the conditions could be asked, and
	// "target" once it is known what the request is mapped to.
	By   string    `json:"by"`
	Path string    `json:"path"`           // what <Location> was matched against
	File string    `json:"file,omitempty"` // what <Proxy>, <Directory> and <Files> were matched against
	List []Section `json:"sections"`
}

// Section is one section of the configuration.
type Section struct {
	Tag   string `json:"tag"` // "<Location /app>"
	Place string `json:"place"`
}

// If is the verdict of an <If>, <ElseIf> or <Else>.
type If struct {
	Section
	Holds bool   `json:"holds"`
	Asked bool   `json:"asked"`           // false: one before it held already
	Error string `json:"error,omitempty"` // why it could not be evaluated
}

// Variable is an environment variable that was set or unset by a directive.
type Variable struct {
	Line
	Name  string `json:"name"`
	Value string `json:"value"`
	Unset bool   `json:"unset,omitempty"`
}

// Mapping says what a request is mapped to by a directive.
type Mapping struct {
	Line
	To     MapKind `json:"to"`
	Target string  `json:"target,omitempty"` // URL, file, or Location
	Status int     `json:"status,omitempty"` // of a redirect or a status
	// Again says that it replaces what an earlier directive had mapped.
	Again bool `json:"again,omitempty"`
}

// MapKind is what a request is mapped to.
type MapKind string

// The kinds of a mapping.
const (
	ToBackend  MapKind = "backend"  // a URL that requests are forwarded to
	ToFile     MapKind = "file"     // a name of a file
	ToStatus   MapKind = "status"   // a redirect, or another status
	ToHandler  MapKind = "handler"  // a handler of this server
	ToExcluded MapKind = "excluded" // "ProxyPass /x !": it is not proxied by the rules behind
)

// Late is a directive that would have matched, and was not asked because another
// had decided.
type Late struct {
	Line
	Path string `json:"path"` // what it would have matched
	By   Line   `json:"by"`   // what has decided; filled in by who collects the events
}

// Access is a verdict of access control.
type Access struct {
	Line           // the directive whose verdict it is
	Module  string `json:"module"`  // without mod_
	Verdict string `json:"verdict"` // granted, denied, neutral, or what else the module knows
	Final   bool   `json:"final"`   // of the whole step, not of one line in it
	Detail  string `json:"detail,omitempty"`
}

// Header is an edit of a header by a directive.
type Header struct {
	Line
	Of      string   `json:"of"` // "request" or "response"
	Name    string   `json:"name,omitempty"`
	Before  []string `json:"before"`            // values of the field
	After   []string `json:"after"`             // values afterwards; the same ones: nothing changed
	Skipped string   `json:"skipped,omitempty"` // why the edit was not made
}

// Backend is a request on its way to a backend.
type Backend struct {
	Worker   string   `json:"worker"` // URL of the worker
	Balancer string   `json:"balancer,omitempty"`
	URL      string   `json:"url"`
	Head     []string `json:"head"` // request line and fields as they are sent, one each
	Reuses   bool     `json:"reuses"`
}

// Reverse is what a Location of the backend's own URL would be edited to.
type Reverse struct {
	Location string `json:"location"`
	Becomes  string `json:"becomes"`
}

// Restart is an internal redirect: the request goes through the server again at
// another path.
type Restart struct {
	Path string `json:"path"` // with its query
	Why  string `json:"why"`  // "rewrite", or "error document of 404"
}

// Answer is the response that the steps have ended with: a redirect, a status, a
// fault.
type Answer struct {
	Status   int    `json:"status"`
	Location string `json:"location,omitempty"`
	Module   string `json:"module,omitempty"` // who says so, without mod_
	ID       string `json:"id,omitempty"`     // httpd's message id
	Detail   string `json:"detail,omitempty"`
}

// Document is the ErrorDocument of a response.
type Document struct {
	Line
	Status int    `json:"status"`
	Form   string `json:"form"` // "text", "path" or "url"
	Value  string `json:"value"`
}

// Kind implements Event.
func (Step) Kind() string { return "step" }

// Kind implements Event.
func (Host) Kind() string { return "host" }

// Kind implements Event.
func (Sections) Kind() string { return "sections" }

// Kind implements Event.
func (If) Kind() string { return "if" }

// Kind implements Event.
func (Variable) Kind() string { return "variable" }

// Kind implements Event.
func (Mapping) Kind() string { return "mapping" }

// Kind implements Event.
func (Late) Kind() string { return "late" }

// Kind implements Event.
func (Access) Kind() string { return "access" }

// Kind implements Event.
func (Header) Kind() string { return "header" }

// Kind implements Event.
func (Backend) Kind() string { return "backend" }

// Kind implements Event.
func (Reverse) Kind() string { return "reverse" }

// Kind implements Event.
func (Restart) Kind() string { return "restart" }

// Kind implements Event.
func (Answer) Kind() string { return "answer" }

// Kind implements Event.
func (Document) Kind() string { return "document" }

// Client is the client that a request is made for, where a proxy in front says so.
type Client struct {
	Line
	Address string `json:"address"` // what everything later goes by
	Peer    string `json:"peer"`    // who has connected
}

// Kind implements Event.
func (Client) Kind() string { return "client" }

// Note is something worth knowing, in words.
type Note struct {
	Text string `json:"text"`
}

// Kind implements Event.
func (Note) Kind() string { return "note" }
