package directive

import (
	"slices"
	"testing"
)

type listConf struct{ items []string }

var (
	listSlot = Slot[listConf]{
		Name:  "list",
		New:   func() *listConf { return &listConf{items: []string{"new"}} },
		Merge: func(base, add *listConf) *listConf { return &listConf{slices.Concat(base.items, add.items)} },
	}
	plainSlot = Slot[int]{Name: "plain"}
	otherSlot = Slot[int]{Name: "plain"} // same name and type, another slot
)

func TestSlots(t *testing.T) {
	var c Confs
	if _, ok := listSlot.Peek(&c); ok {
		t.Error("something in an empty vector")
	}
	if _, ok := listSlot.Peek(nil); ok {
		t.Error("something in no vector")
	}
	listSlot.Of(&c).items = append(listSlot.Of(&c).items, "a")
	*plainSlot.Of(&c) = 7
	if got := listSlot.Of(&c).items; !slices.Equal(got, []string{"new", "a"}) {
		t.Errorf("list is %q", got)
	}
	if *plainSlot.Of(&c) != 7 || *otherSlot.Of(&c) != 0 {
		t.Error("slots of one type are confused")
	}
	five := 5
	plainSlot.Put(&c, &five)
	if p, _ := plainSlot.Peek(&c); p != &five || c.Len() != 3 {
		t.Errorf("Put: %v of %d", p, c.Len())
	}
	if got := c.Names(); !slices.Equal(got, []string{"list", "plain", "plain"}) {
		t.Errorf("names are %q", got)
	}
}

func TestMergeConfs(t *testing.T) {
	var base, add Confs
	listSlot.Put(&base, &listConf{[]string{"b"}})
	listSlot.Put(&add, &listConf{[]string{"a"}})
	*plainSlot.Of(&base), *plainSlot.Of(&add) = 1, 2
	*otherSlot.Of(&base) = 3
	m := MergeConfs(&base, &add)
	if got := listSlot.Of(m).items; !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("merged list is %q", got)
	}
	if got, _ := plainSlot.Peek(m); *got != 2 {
		t.Errorf("without Merge the inner one holds, not %d", *got)
	}
	inherited, _ := otherSlot.Peek(m)
	if from, _ := otherSlot.Peek(&base); inherited != from {
		t.Error("what only one side has is not shared")
	}
	if got := listSlot.Of(&base).items; !slices.Equal(got, []string{"b"}) {
		t.Errorf("merging changed its base to %q", got)
	}
	if MergeConfs(nil, nil).Len() != 0 || MergeConfs(nil, &add).Len() != 2 || MergeConfs(&base, nil).Len() != 3 {
		t.Error("merging with nothing")
	}
}
