package proxybalancer

import (
	"html/template"
)

// view is what the page is made of: texts, ready to show.
type view struct {
	Path      string // of the page
	Summary   string
	Flash     *flash // nil: nothing to say
	Balancers []card
	History   []change
}

// flash is what became of a change that was asked for.
type flash struct {
	Bad  bool
	Text string
	Undo *key // nil: it cannot be undone
}

// key is what a form sends to name the thing it changes.
type key struct {
	Path, Balancer, URL, Nonce string
	Entry                      int64  // of the history
	What                       string // the change in words
}

// tag is a word in a frame.
type tag struct{ Text, Class string }

// option is one of a select, or a checkbox.
type option struct {
	Name, Value, Text, Title string
	On                       bool
}

// figure is a number with its picture.
type figure struct {
	Name, Value, Title string
	Bad, Wide          bool
	Picture            template.HTML
}

// change is a line of the history.
type change struct {
	ID, At, Exact, Text, By string
	Undone                  bool
	Undo                    *key
}

// card is a balancer.
type card struct {
	ID, Link, Summary string
	Key               key
	Tags              []tag
	Members           []row
	Frozen            string // why nothing can be changed; "": it can
	Lines             string // as configuration

	Open                           bool
	Methods                        []option
	Timeout, Attempts, All, Sticky string
	NoFailover                     bool
}

// row is a member.
type row struct {
	ID, Link        string
	Key             key
	State           tag
	Why, SinceExact string
	Settings        string
	Figures         []figure
	Check           tag
	CheckWhy        string
	Frozen          bool
	Quick           []option
	Removal         string

	Open                         bool
	Factor, Set, Route, Redirect string
	Flags                        []option
	Health                       *healthForm
}

// healthForm are the fields of health checks.
type healthForm struct {
	Methods                            []option
	URI, Expr, Interval, Passes, Fails string
}
