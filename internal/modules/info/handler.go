package info

import (
	"context"
	"fmt"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/reactor"
)

// facts are what the page shows of a snapshot.
type facts struct {
	read      *module.Read
	providers []Group
	version   string
	made      string // when the program was built
	root      string // ServerRoot
	running   running
}

// reads returns what the parts of the configuration in effect were built from, that of
// the files first.
func (f *facts) reads() (all []*module.Read) {
	for _, p := range f.running.settings.Latest().Parts {
		if r, ok := p.About.(*module.Read); ok {
			all = append(all, r)
		}
	}
	return all
}

// handler is the page of one virtual host.
type handler struct {
	*facts
	site *exchange.Site
	more []remark
}

// question is what a request wants to see.
type question struct {
	*handler
	query  string // in lower case
	server string // name and port that the request was sent to
}

// Handle implements exchange.Handler. It answers GET and HEAD only, as httpd's
// does. The page is made off the loop: a configuration may have many thousand
// lines.
func (h *handler) Handle(x *exchange.Exchange) error {
	if x.HandlerName != name || x.Req.Verb != message.GET && x.Req.Verb != message.HEAD {
		return exchange.ErrDeclined
	}
	q := question{h, ascii.ToLower(string(x.Args)), fmt.Sprintf("%s:%d", x.ServerName(), x.ServerPort())}
	text, err := reactor.Await(context.Background(), x.Loop, reactor.Computing, q, write)
	if err != nil {
		return err
	}
	return module.SendPage(x, true, text)
}

// compare orders names of modules.
func compare(a, b string) int { return ascii.CompareFold(a, b) }
