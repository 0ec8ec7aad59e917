// A dialog over the page: closed by its cross, the escape key or a press beside it.
import type { ReactNode } from 'react';
import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { texts } from './texts.ts';

export function Panel(props: {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  /** Of what is shown once: a press beside it is no way out. */
  readonly isShownOnce?: boolean;
  readonly children: ReactNode;
}) {
  const { title, isOpen, onOpenChange, isShownOnce = false, children } = props;
  return (
    <ModalOverlay className="overlay" isOpen={isOpen} onOpenChange={onOpenChange} isDismissable={!isShownOnce}>
      <Modal className="modal">
        <Dialog className="dialog">
          <div className="dialog-head">
            <Heading slot="title" className="dialog-title">
              {title}
            </Heading>
            <Button slot="close" className="dialog-close" aria-label={texts.close}>
              <span aria-hidden="true">✕</span>
            </Button>
          </div>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
