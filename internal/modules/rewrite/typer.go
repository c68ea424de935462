package rewrite

import "github.com/headgate/headgate/internal/exchange"

// typer sets the handler of an H flag, which overrides SetHandler. It implements
// exchange.Step. httpd: hook_mimetype.
type typer struct{}

// Do implements exchange.Step.
func (typer) Do(x *exchange.Exchange) error {
	if x.Notes.Len() == 0 || x.Mapped != nil {
		return nil
	}
	name, ok := x.Notes.Get(handlerNote)
	if !ok {
		return nil
	}
	x.HandlerName = string(name)
	return nil
}
