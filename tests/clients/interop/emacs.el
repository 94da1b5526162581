;;; emacs.el --- A stream, a cancelled stream and a clean end  -*- lexical-binding: t -*-

;;; Commentary:
;; Through jsonrpc.el, in `emacs --batch', where an error ends Emacs with exit code 255.

;;; Code:

(require 'cl-lib)
(require 'jsonrpc)
(require 'subr-x)

(defconst interop-timeout 60)
(defconst interop-sentence "He finished reading the long letter, and put it back.")
(defvar interop-whole nil "Chunks of the first stream, the newest first.")
(defvar interop-cut nil "Chunks of the second stream, which is cancelled.")
(defvar interop-answer nil "What the second stream ended with.")
(defvar interop-last-id nil "The id of the newest request.")
(defvar interop-cancelled-after nil)
(defvar interop-answered-after nil)

;; `jsonrpc-async-request' keeps the id to itself, and a cancel needs it.
(cl-defmethod jsonrpc-connection-send :before
  ((_connection jsonrpc-process-connection) &key id &allow-other-keys)
  (when id (setq interop-last-id id)))

(defun interop-on-notification (connection _method params)
  "Keep the chunk in PARAMS; cancel the second stream of CONNECTION after its third."
  (let ((chunk (plist-get params :value)))
    (cond
     ((not (equal (plist-get chunk :kind) "audio")))
     ((equal (plist-get params :token) "whole")
      (push chunk interop-whole))
     (t
      (push chunk interop-cut)
      (when (= (length interop-cut) 3)
        (setq interop-cancelled-after 3)
        (jsonrpc-notify connection '$/cancelRequest (list :id interop-last-id)))))))

(defun interop-samples (chunks)
  "Check CHUNKS, the newest first; return how many samples they have."
  (cl-loop for chunk in (reverse chunks)
           for index from 0
           for samples = (plist-get chunk :samples)
           for pcm = (base64-decode-string (plist-get chunk :audio))
           do (cl-assert (= (plist-get chunk :seq) index) t)
           do (cl-assert (= (length pcm) (* 2 samples)) t)
           sum samples))

(defmacro interop-wait-until (condition)
  "Let messages arrive until CONDITION holds."
  `(with-timeout (interop-timeout (error "In vain: %S" ',condition))
     (while (not ,condition) (accept-process-output nil 0.1))))

(defun interop-main ()
  "The conversation."
  (let* ((process (make-process
                   :name "sidecar"
                   :command (list (getenv "SIDECAR_PYTHON") "-m" "sidecar")
                   :connection-type 'pipe
                   :coding 'utf-8-emacs-unix
                   :noquery t
                   :stderr (get-buffer-create "*sidecar stderr*")))
         (connection (make-instance
                      'jsonrpc-process-connection
                      :name "sidecar"
                      :process process
                      :notification-dispatcher #'interop-on-notification
                      ;; To print each chunk into a log takes longer than to speak it.
                      :events-buffer-scrollback-size 0))
         answer result samples)

    (setq answer (jsonrpc-request connection 'initialize
                                  (list :protocolVersion 1
                                        :clientInfo '(:name "emacs")
                                        :processId (emacs-pid))
                                  :timeout interop-timeout))
    (cl-assert (= (plist-get answer :protocolVersion) 1) t)
    (jsonrpc-notify connection 'initialized nil)

    (setq result (jsonrpc-request connection 'speech/synthesize
                                  '( :text "Good evening, and welcome to the reading room."
                                     :seed 1
                                     :maxFrames 12
                                     :chunk (:maxFrames 2)
                                     :partialResultToken "whole")
                                  :timeout interop-timeout)
          samples (interop-samples interop-whole))
    (cl-assert (= samples (plist-get result :samples)) t)

    (jsonrpc-async-request connection 'speech/synthesize
                           (list :text (string-join (make-list 8 interop-sentence) " ")
                                 :seed 2
                                 :chunk '(:firstFrames 1 :maxFrames 1)
                                 :partialResultToken "cut")
                           :success-fn (lambda (value) (setq interop-answer value))
                           :error-fn (lambda (value)
                                       (setq interop-answer value
                                             interop-answered-after (length interop-cut)))
                           :timeout interop-timeout)
    (interop-wait-until interop-answer)
    (cl-assert (eql (plist-get interop-answer :code) -32800) t)

    (jsonrpc-request connection 'shutdown nil :timeout interop-timeout)
    (jsonrpc-notify connection 'exit nil)
    (interop-wait-until (not (jsonrpc-running-p connection)))

    (interop-samples interop-cut)
    (cl-assert (= (length interop-cut) interop-answered-after) t) ; no audio after the answer
    (cl-assert (= (process-exit-status process) 0) t)
    (princ (json-serialize (list :chunks (length interop-whole)
                                 :samples samples
                                 :cancelledAfter interop-cancelled-after
                                 :exitCode (process-exit-status process))))
    (terpri)))

(interop-main)

;;; emacs.el ends here
