package rewrite

import "github.com/headgate/headgate/internal/exchange"

// typer names the handler that an H flag has remembered, over what SetHandler says. It implements exchange.Step.
// httpd: hook_mimetype.
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
