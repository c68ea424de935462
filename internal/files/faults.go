package files

import (
	"context"
	"errors"
	"io/fs"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
)

// missing is the fault of a request that leads to nothing that could be sent.
func missing(id, why string, name, rest []byte) *fault.Fault {
	return &fault.Fault{
		Side: fault.Client, Module: "core", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.NoMapping, Status: 404, ID: id,
		Detail: why + " " + string(name) + string(rest),
	}
}

// denied is the fault of a file that may not be sent.
func denied(cause fault.Cause, id, why string) *fault.Fault {
	return &fault.Fault{Side: fault.Client, Module: "core", Phase: fault.Map, Kind: fault.Denied, Cause: cause, Status: 403, ID: id, Detail: why}
}

// unopened is the fault of a file that cannot be opened.
func unopened(err error, name []byte) *fault.Fault {
	var f *fault.Fault
	switch {
	case errors.Is(err, fs.ErrNotExist): // it is gone since it was found
		f = missing("AH00128", "there is no file", name, nil)
		f.Cause = fault.FileMissing
	case errors.Is(err, errLink):
		f = denied(fault.DeniedByFilesystem, "AH00037", "symbolic link not allowed or link target not accessible: "+string(name))
	case errors.Is(err, fs.ErrInvalid):
		f = denied(fault.DeniedByFilesystem, "AH00038", "neither a file nor a folder: "+string(name))
	case errors.Is(err, fs.ErrPermission):
		f = denied(fault.FileForbidden, "AH00132", "file permissions deny server access: "+string(name))
	default:
		return unread(err)
	}
	f.Err = err
	return f
}

// unread is the fault of a file that cannot be read.
func unread(err error) *fault.Fault {
	f := &fault.Fault{Side: fault.Proxy, Module: "core", Phase: fault.Map, Kind: fault.Internal, Cause: fault.FileChanged, Status: 500, Detail: "the file cannot be read", Err: err}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		f.Cause, f.Kind, f.Status, f.Detail = fault.FileStalled, fault.Timeout, 503, "the disk does not answer"
	case errors.Is(err, reactor.ErrBusy), errors.Is(err, reactor.ErrDraining):
		f.Cause, f.Kind, f.Status, f.Detail = fault.FileStalled, fault.Exhausted, 503, "the file was not read"
	}
	return f
}

// unsent is the fault of a body that the client does not take.
func unsent(err error) error {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f
	}
	return &fault.Fault{Side: fault.Client, Module: "core", Phase: fault.SendResponse, Kind: fault.Aborted, Cause: fault.ClientGone, Close: true, Err: err}
}
