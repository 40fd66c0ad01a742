;; Emacs drives the server in the current folder, set up as the page says (page.el); ends with an error if something is not as
;; it should be.
(setq debug-on-error nil make-backup-files nil create-lockfiles nil auto-save-default nil)
(require 'package)
(package-initialize)
(require 'eglot)
(setq eglot-sync-connect 30 eglot-send-changes-idle-time 0)
;; Nobody is there to say yes.
(fset 'y-or-n-p (lambda (&rest _) t))
(load (expand-file-name "page.el") nil t)

(defun expect (what condition)
  "Wait for messages until CONDITION holds, for half a minute at the most."
  (let ((end (+ (float-time) 30)) (holds nil))
    (while (and (not (setq holds (funcall condition))) (< (float-time) end))
      (accept-process-output nil 0.01))
    (unless holds (error "Not so: %s" what))))

(defun visit (name)
  (set-buffer (find-file-noselect name))
  ;; What waits for the next command is not run in batch mode.
  (run-hooks 'post-command-hook)
  (expect "the server runs" #'eglot-managed-p)
  (flymake-mode 1))

(defun errors ()
  (flymake-start)
  (length (flymake-diagnostics)))

(defun type-at (text new)
  "Replace TEXT by NEW, as if it were typed."
  (goto-char (point-min))
  (search-forward text)
  (replace-match new t t)
  (eglot--signal-textDocument/didChange))

(visit "qapi/qapi-schema.json")
(unless (derived-mode-p 'qapi-mode) (error "This is %s" major-mode))
(type-at "'event'" "'é'x")
(expect "there are errors" (lambda () (> (errors) 0)))
(type-at "'é'x" "'event'")
(expect "there are none" (lambda () (= (errors) 0)))

;; To the definition of Point, in another file.
(goto-char (point-min))
(search-forward "'data': 'Poi")
(let* ((found (xref-backend-definitions 'eglot (xref-backend-identifier-at-point 'eglot)))
       (place (xref-item-location (car found))))
  (unless (string-match-p "types\\.json\\'" (xref-location-group place))
    (error "It is said to be in %s" (xref-location-group place))))

;; What may follow.
(type-at "'data': 'Point'" "'data': 'Poi'")
(goto-char (point-min))
(search-forward "'data': 'Poi")
(let* ((found (run-hook-wrapped 'completion-at-point-functions
                                (lambda (f) (let ((r (funcall f))) (and (listp r) r)))))
       (all (all-completions "" (nth 2 found))))
  (unless (cl-some (lambda (name) (string-match-p "Point" name)) all)
    (error "Proposed are %S" all)))
(type-at "'data': 'Poi'" "'data': 'Point'")
(expect "it is right again" (lambda () (= (errors) 0)))

;; Another name for it, in both files.
(goto-char (point-min))
(search-forward "'data': 'Poi")
(eglot-rename "Place")
(let ((text (buffer-string)))
  (when (string-match-p "Point" text) (error "Not renamed:\n%s" text))
  (unless (string-match-p "`Place`" text) (error "Not renamed in documentation:\n%s" text)))
(expect "there are no errors" (lambda () (= (errors) 0)))

;; Formatting.
(type-at "# Moves a" "#Moves a")
(eglot-format-buffer)
(unless (string-match-p "^# Moves a" (buffer-string)) (error "Not formatted:\n%s" (buffer-string)))

(eglot-shutdown (eglot-current-server))
(expect "the server is gone" (lambda () (not (eglot-managed-p))))
(princ (format "Emacs %s: everything is as it should be\n" emacs-version))
