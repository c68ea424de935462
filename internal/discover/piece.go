package discover

// Piece is one contribution of a source: a service, or the members of a balancer.
// Each is a separate text, so that a fault in one leaves out that one.
type Piece struct {
	Name    string   `json:"name"`              // of the text, for positions: "discovered:docker/shop-web"
	Config  string   `json:"config,omitempty"`  // Apache configuration
	Hosts   []string `json:"hosts,omitempty"`   // names that it has
	Paths   []string `json:"paths,omitempty"`   // where its mappings begin
	Members []string `json:"members,omitempty"` // where requests go, or containers by name
	Service bool     `json:"service,omitempty"` // it is a balancer with Members; else a virtual host
	Saved   bool     `json:"saved,omitempty"`   // it is for a saved text only: the server has no need of it
	Within  string   `json:"within,omitempty"`  // the piece whose text has this one's
	Refused []string `json:"refused,omitempty"` // why it is not used; empty: it is
}

// Problem is a part of what a source says that is not used.
type Problem struct {
	Subject string `json:"subject"` // a container, a label, a file
	Text    string `json:"text"`
}

// Conflict is a host or path that two want: Owner has it.
type Conflict struct {
	What  string `json:"what"`  // what, and who has it: "shop.example belongs to httpd.conf:3"
	Owner string `json:"owner"` // a file's place, or a container
	Loser string `json:"loser"` // a container, or a file of members
}

// Result is what a source contributes at a moment.
type Result struct {
	Pieces    []Piece
	Problems  []Problem
	Conflicts []Conflict
}

// Facts are what a source must know of the files' configuration.
type Facts struct {
	// Taken returns who has a host and path, if somebody does: a file, or a source
	// before this one.
	Taken func(host, path string) (owner string, taken bool)
	// Member reports whether a balancer of the main server has a member of this URL
	// in a file, and where.
	Member func(balancer, url string) (place string, has bool)
	// Balancer returns the place of a balancer of that name in a file.
	Balancer func(name string) (place string, taken bool)
	// Compiles returns why a text does not compile; nil: it does.
	Compiles func(text string) error
	// Certificate returns the files of the server's certificate for a host.
	Certificate func(host string) (cert, key string, ok bool)
	// Plain and Secure are the ports of HTTP and of HTTPS that the server listens at.
	Plain, Secure []uint16
	// Private names a folder, which need not exist, for files of the server's user;
	// nil: there is none. UID and GID are the user and its group, UID -1 for that of
	// this process.
	Private  func() string
	UID, GID int
}
