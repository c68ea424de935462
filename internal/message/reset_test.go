package message

import (
	"reflect"
	"testing"
)

// Reset keeps nothing of a head except the capacity of its tables.
func TestResetForgetsEverything(t *testing.T) {
	var q Request
	fillStruct(t, reflect.ValueOf(&q).Elem())
	q.Header.Add([]byte("Host"), []byte("h"))
	q.Reset()
	checkReset(t, reflect.ValueOf(q))
	var p Response
	fillStruct(t, reflect.ValueOf(&p).Elem())
	p.Trailer.Add([]byte("X"), []byte("y"))
	p.Reset()
	checkReset(t, reflect.ValueOf(p))
}

// fillStruct sets every field except the tables.
func fillStruct(t *testing.T, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		switch f.Kind() {
		case reflect.Slice:
			f.SetBytes([]byte("x"))
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Uint8:
			f.SetUint(1)
		case reflect.Int, reflect.Int64:
			f.SetInt(1)
		case reflect.Struct:
			if f.Type() != reflect.TypeFor[Header]() {
				fillStruct(t, f)
			}
		default:
			t.Fatalf("%s is of a kind this test does not know", v.Type().Field(i).Name)
		}
	}
}

func checkReset(t *testing.T, v reflect.Value) {
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		if h, ok := f.Interface().(Header); ok {
			if h.Len() != 0 || h.seen != 0 {
				t.Errorf("%s.%s: %d rows, seen %b", v.Type(), name, h.Len(), h.seen)
			}
			continue
		}
		if !f.IsZero() {
			t.Errorf("%s.%s: %v", v.Type(), name, f)
		}
	}
}
