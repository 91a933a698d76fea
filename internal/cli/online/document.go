package online

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

// maxText bounds a file with the text of a document.
const maxText = 1 << 20

const revisionColumns = "LABEL STATE TITLE SINCE UNTIL AUTHOR REASON ID"

func (r *Remote) documents() *cobra.Command {
	return r.group("document", "Controlled documents: drafts, reviews, revisions, copies (signing is done on the web pages)",
		pages(r.line("list", "List documents by code"), "CODE TITLE LEVEL STATE OWNER REVIEW-DUE OVERDUE", (*client.Client).Documents),
		show(r.line("show CODE", "Show a document and what stands around it"), (*client.Client).Document),
		wholeOf(r.line("revisions CODE", "List the revisions of a document"), revisionColumns, (*client.Client).Revisions),
		r.effective(), r.revisionText(),
		show(r.line("revision REVISION", "Show a revision (its id, CODE for the newest, or CODE:LABEL) and what was decided about it"), (*client.Client).Revision),
		r.line("page REVISION", "Write the page of a revision as HTML: the bytes that are signed").download((*client.Client).RevisionPage),
		wholeOf(r.line("edits REVISION", "List every saved version of a text"), "VERSION NAME AT REASON CONTENT:content_sha256", (*client.Client).Edits),
		r.diffRevisions(), r.addDocument(), r.uploadDocument(), r.replaceFile(), r.saveRevision(), r.temporary(),
		addTo(r.line("revise CODE", "Begin the next revision of a document; --base makes it a rollback"), (*client.Client).OpenRevision),
		r.line("submit REVISION", "Send a draft to review").because("submitted", (*client.Client).SubmitRevision),
		r.line("send-back REVISION", "Ask for changes").because("sent back", (*client.Client).SendBackRevision),
		r.line("reject REVISION", "End a revision that is on its way").because("rejected", (*client.Client).RejectRevision),
		r.line("freeze REVISION", "Fix the content of a revision that everybody reviewed").because("frozen", (*client.Client).FreezeRevision),
		r.line("receive REVISION", "Say that you received a revision").act("received", (*client.Client).ReceiveRevision),
		whole(r.line("mine", "List what waits for you"), "KIND CODE TITLE LABEL FUNCTION DUE REVISION", (*client.Client).Turns),
		r.comment(), r.changeRequest(), r.function(), r.distribution(), r.copies(), r.upkeep(), r.kit(), r.classify())
}

// revisionID is the id of a revision that is named by its id, by the code of its document (the newest), or CODE:LABEL.
func revisionID(ctx context.Context, c *client.Client, name string) (string, error) {
	if strings.HasPrefix(name, "rev_") {
		return name, nil
	}
	code, label, _ := strings.Cut(name, ":")
	all, err := c.Revisions(ctx, code)
	if err != nil {
		return "", err
	}
	for _, v := range all.Items {
		if label == "" || v.Label == label {
			return v.ID, nil
		}
	}
	return "", terminal.Misused("%s has no revision %s", code, label)
}

func (r *Remote) effective() *cobra.Command {
	var q apiv1.EffectiveQuery
	l := r.line("effective CODE", "Show the revision that is in force, or was at an instant")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		v, err := c.Effective(ctx, args[0], q)
		if err != nil {
			return err
		}
		return l.answer(v)
	})
	l.bindTo(c, &q)
	return c
}

func (r *Remote) revisionText() *cobra.Command {
	return r.line("text REVISION", "Print the text of a revision").does(func(ctx context.Context, c *client.Client, args []string) error {
		v, err := c.Revision(ctx, args[0])
		if err != nil {
			return err
		}
		return r.Show(v, func() error {
			for l := range strings.Lines(v.Source) {
				r.printf("%s\n", terminal.Text(strings.TrimSuffix(l, "\n")))
			}
			return nil
		})
	})
}

func (r *Remote) diffRevisions() *cobra.Command {
	return r.line("diff REVISION REVISION", "Compare the texts of two revisions").does(func(ctx context.Context, c *client.Client, args []string) error {
		all, err := c.DiffRevisions(ctx, args[0], args[1])
		if err != nil {
			return err
		}
		return r.Show(all, func() error {
			for _, l := range all.Items {
				r.printf("%s %s\n", map[string]string{"added": "+", "removed": "-"}[l.Change], terminal.Text(l.Text))
			}
			return nil
		})
	})
}

func (r *Remote) addDocument() *cobra.Command {
	in := apiv1.DocumentInput{Content: "authored"}
	l := r.line("add FILE", "Add a document with the draft in a file of front matter and Markdown").calls("source", "", "content", "", "products", "product")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		text, err := terminal.ReadFile(args[0], maxText)
		if err != nil {
			return err
		}
		if in.Source = string(text); in.Edition != "" {
			in.Content = "linked"
		}
		m, err := c.AddDocument(ctx, in)
		if err != nil {
			return err
		}
		return r.Show(m, func() error { return r.say(m.ID) })
	})
	l.bindTo(c, &in)
	return needs(c, "reason")
}

func (r *Remote) uploadDocument() *cobra.Command {
	var q apiv1.UploadedDocument
	l := r.line("upload FILE CODE TITLE", "Add a document that is a file: DOCX, XLSX or PDF").calls("name", "", "code", "", "title", "")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		f, err := r.Open(args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		q.Name, q.Code, q.Title = filepath.Base(args[0]), args[1], args[2]
		m, err := c.UploadDocument(ctx, q, f)
		if err != nil {
			return err
		}
		return r.Show(m, func() error { return r.say(m.ID) })
	})
	l.bindTo(c, &q)
	return needs(c, "level", "owner", "reason")
}

func (r *Remote) replaceFile() *cobra.Command {
	var q apiv1.ReplacedFile
	c := r.line("replace REVISION FILE", "Put another file in the place of that of a revision").does(func(ctx context.Context, c *client.Client, args []string) error {
		f, err := r.Open(args[1])
		if err != nil {
			return err
		}
		defer f.Close()
		q.Name = filepath.Base(args[1])
		if err := c.ReplaceFile(ctx, args[0], q, f); err != nil {
			return err
		}
		return r.Done("replaced the file of %s", args[0])
	})
	return reasonFlag(c, &q.Reason)
}

func (r *Remote) saveRevision() *cobra.Command {
	var in apiv1.RevisionEdit
	l := r.line("save REVISION FILE", "Save the text in a file as the next version of a revision").calls("source", "")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		text, err := terminal.ReadFile(args[1], maxText)
		if err != nil {
			return err
		}
		if in.Source = string(text); in.Version == 0 {
			v, err := c.Revision(ctx, args[0])
			if err != nil {
				return err
			}
			in.Version = v.Version
		}
		if err := c.SaveRevision(ctx, args[0], in); err != nil {
			return err
		}
		return r.Done("saved %s", args[0])
	})
	l.bindTo(c, &in)
	return needs(c, "reason")
}

func (r *Remote) temporary() *cobra.Command {
	var in apiv1.TemporaryInput
	var file string
	l := r.line("temporary CODE", "Begin a temporary instruction; another person issues it").calls("source", "")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		if file != "" {
			text, err := terminal.ReadFile(file, maxText)
			if err != nil {
				return err
			}
			in.Source = string(text)
		}
		m, err := c.PrepareTemporary(ctx, args[0], in)
		if err != nil {
			return err
		}
		return r.Show(m, func() error { return r.say(m.ID) })
	})
	l.bindTo(c, &in)
	c.Flags().StringVar(&file, "file", "", "file with its text; absent: the effective text, to be edited")
	return needs(c, "reason")
}

func (r *Remote) comment() *cobra.Command {
	var in apiv1.SettleInput
	settle := r.line("settle COMMENT OUTCOME", "Settle a comment: done, accepted or declined").calls("outcome", "")
	s := settle.does(func(ctx context.Context, c *client.Client, args []string) error {
		in.Outcome = args[1]
		if err := c.SettleComment(ctx, args[0], in); err != nil {
			return err
		}
		return r.Done("settled %s", args[0])
	})
	settle.bindTo(s, &in)
	return r.below("comment", "Comments on a text",
		wholeOf(r.line("list REVISION", "List the comments on a revision"), "LINE NAME TEXT SUGGESTION OUTCOME ID", (*client.Client).Comments),
		addTo(r.line("add REVISION TEXT", "Comment on a line, or suggest another one with --suggestion"), (*client.Client).Comment), s)
}

func (r *Remote) changeRequest() *cobra.Command {
	list := pages(r.line("list", "List change requests, the newest first"), "TITLE CLASS STATE CODES AUTHOR AT ID", (*client.Client).ChangeRequests)
	return r.below("change", "Change requests", list,
		show(r.line("show CHANGE", "Show a change request and what its documents wait for"), (*client.Client).ChangeRequest),
		add(r.line("open TITLE", "Open a change request").calls("codes", "code"), (*client.Client).OpenChangeRequest),
		change(r.line("edit CHANGE", "Edit a change request").calls("codes", "code"), (*client.Client).ChangeRequest, (*client.Client).EditChangeRequest),
		r.line("cancel CHANGE", "Cancel a change request").because("cancelled", (*client.Client).CancelChangeRequest))
}

func (r *Remote) function() *cobra.Command {
	return r.below("function", "Who holds which function",
		whole(r.line("list", "List who holds which function"), "FUNCTION NAME DELEGATE-OF SINCE UNTIL ENDED ID", (*client.Client).Functions),
		add(r.line("assign FUNCTION ACCOUNT", "Assign a function; with --delegate-of and --until it is a delegation"), (*client.Client).AssignFunction),
		r.line("release HOLDING", "End the holding or delegation of a function").because("released", (*client.Client).ReleaseFunction))
}

func (r *Remote) distribution() *cobra.Command {
	var in apiv1.DistributionInput
	set := r.line("set CODE", "Replace the distribution list of a document").calls("functions", "function", "sites", "site", "products", "product")
	s := set.does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := c.Distribute(ctx, args[0], in); err != nil {
			return err
		}
		return r.Done("changed %s", args[0])
	})
	set.bindTo(s, &in)
	return r.below("distribution", "Whom documents reach",
		show(r.line("show CODE", "Show the distribution list of a document"), (*client.Client).Distribution), needs(s, "reason"),
		wholeOf(r.line("receipts REVISION", "List who received a revision"), "NAME AT ACCOUNT", (*client.Client).Receipts))
}

func (r *Remote) copies() *cobra.Command {
	return r.below("copy", "Prints, and numbered copies on paper",
		wholeOf(r.line("list CODE", "List the numbered copies of a document"), "NUMBER LABEL HOLDER PLACE EXPIRES RECALLED CONFIRMED ID", (*client.Client).Copies),
		addTo(r.line("issue REVISION HOLDER", "Give out a numbered copy"), (*client.Client).IssueCopy),
		r.line("recall COPY", "Ask for a copy back").because("recalled", (*client.Client).RecallCopy),
		r.line("confirm COPY", "Confirm that a recalled copy came back").because("confirmed", (*client.Client).ConfirmCopy),
		r.line("print REVISION", "Log that a revision is printed").because("logged the print of", (*client.Client).LogPrint),
		wholeOf(r.line("prints CODE", "List what was printed of a document"), "LABEL COPY NAME AT REASON", (*client.Client).Prints))
}

func (r *Remote) upkeep() *cobra.Command {
	var why apiv1.Reason
	hold := r.line("hold CODE", "Put a document on legal hold")
	h := hold.does(func(ctx context.Context, c *client.Client, args []string) error {
		m, err := c.PutHold(ctx, args[0], why)
		if err != nil {
			return err
		}
		return r.Show(m, func() error { return r.say(m.ID) })
	})
	return r.below("upkeep", "Reviews, deviations, cautions and legal holds",
		wholeOf(r.line("reviews CODE", "List the periodic reviews of a document"), "LABEL VERDICT NAME AT NEXT-DUE REASON", (*client.Client).DocumentReviews),
		wholeOf(r.line("deviations CODE", "List the deviations and waivers from a document"), "KIND STEP TEXT UNTIL ACTIVE NAME ID", (*client.Client).Deviations),
		r.line("end-deviation DEVIATION", "End a deviation before its time").because("ended", (*client.Client).EndDeviation),
		r.line("lift-caution CAUTION", "Take a caution from its document").because("lifted", (*client.Client).LiftCaution),
		wholeOf(r.line("holds CODE", "List the legal holds of a document"), "REASON AT RELEASED ID", (*client.Client).Holds),
		reasonFlag(h, &why.Reason), r.line("release-hold HOLD", "Release a legal hold").because("released", (*client.Client).ReleaseHold))
}

func (r *Remote) kit() *cobra.Command {
	in := apiv1.KitInput{}
	install := r.line("install KIT", "Add the documents of a kit that are not there yet, as drafts")
	i := install.does(func(ctx context.Context, c *client.Client, args []string) error {
		got, err := c.InstallKit(ctx, args[0], in)
		if err != nil {
			return err
		}
		return install.answer(got)
	})
	i.Flags().StringToStringVar(&in.Answers, "answer", nil, "answer of the set-up interview, as variable=text; may be given again")
	return r.below("kit", "Documents that come with Triward",
		whole(r.line("list", "List the kits"), "ID TITLE FOR TEXT", (*client.Client).Kits), reasonFlag(i, &in.Reason),
		tell(r.line("settings", "Show the settings of document control"), (*client.Client).DocumentSettings), r.documentSetting())
}

func (r *Remote) documentSetting() *cobra.Command {
	in := apiv1.SettingInput{}
	c := r.line("set NAME VALUE", "Change a setting: authorship, temporary_days or a variable").does(func(ctx context.Context, c *client.Client, args []string) error {
		in.Name, in.Value = args[0], args[1]
		if err := c.ChangeDocumentSetting(ctx, in); err != nil {
			return err
		}
		return r.Done("set %s", args[0])
	})
	return reasonFlag(c, &in.Reason)
}

func (r *Remote) classify() *cobra.Command {
	in := apiv1.DocumentClasses{Products: []string{}}
	l := r.line("classify CODE", "Say which device files a document belongs to, and whether it is inspectable").calls("products", "product")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := c.ClassifyDocument(ctx, args[0], in); err != nil {
			return err
		}
		return r.Done("changed %s", args[0])
	})
	l.bindTo(c, &in)
	return needs(c, "reason")
}
