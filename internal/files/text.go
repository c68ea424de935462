package files

import (
	"context"
	"io"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/inode"
)

// Text is a small file, read as a whole.
type Text struct {
	Bytes []byte
	Info  inode.Info
}

// ReadText reads at most so many bytes of the file that a walk has found, which may be one that
// tells how others are sent. A part that is longer is left out.
func ReadText(x *exchange.Exchange, at *exchange.LocalFile, most int64) (Text, error) {
	return await(x, limited{wants(at), most}, readText)
}

// limited names the beginning of a file.
type limited struct {
	wanted
	most int64
}

// readText reads the beginning of a file. It may run on after its caller has left.
func readText(ctx context.Context, l limited) (Text, error) {
	f, err := open(ctx, l.wanted)
	if err != nil {
		return Text{}, err
	}
	defer f.release()
	b, err := io.ReadAll(io.LimitReader(f, l.most))
	return Text{b, f.info}, err
}
