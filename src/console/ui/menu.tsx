import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";
import { Button, type ButtonProps } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { placeBeside } from "./place.ts";

export interface MenuItem {
  label: string;
  icon?: IconName;
  danger?: boolean;
  disabled?: boolean;
  onSelect: () => void;
}

/** A button that opens a list of things to do. Arrows, Home, End and Escape work as people know them. */
export function Menu({
  label,
  items,
  children,
  ...button
}: { label: string; items: readonly MenuItem[]; children?: ComponentChildren } & ButtonProps) {
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLSpanElement>(null);
  const all = (): HTMLElement[] => [
    ...(menu.current?.querySelectorAll<HTMLElement>("[role=menuitem]:not(:disabled)") ?? []),
  ];
  const move = (event: KeyboardEvent): void => {
    const list = all();
    const at = list.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) {
      if (event.key === "Tab") menu.current?.hidePopover();
      return;
    }
    event.preventDefault();
    list.at(to % list.length)?.focus();
  };
  return (
    <span ref={opener} class="menu-opener">
      <Button
        kind="quiet"
        aria-haspopup="menu"
        aria-label={label}
        {...button}
        onClick={(event) => {
          // A click in a row is not one on the row.
          event.stopPropagation();
          menu.current?.togglePopover();
        }}
      >
        {children}
      </Button>
      <div
        ref={menu}
        id={id}
        popover="auto"
        role="menu"
        tabindex={-1}
        aria-label={label}
        class="menu"
        onKeyDown={move}
        onToggle={(event) => {
          if (event.newState !== "open") return;
          placeBeside(opener.current, menu.current);
          all()[0]?.focus();
        }}
      >
        {items.map(({ label: name, icon, danger = false, disabled = false, onSelect }) => (
          <button
            key={name}
            type="button"
            role="menuitem"
            tabindex={-1}
            class={danger ? "menu-item danger" : "menu-item"}
            disabled={disabled}
            onClick={(event) => {
              event.stopPropagation();
              menu.current?.hidePopover();
              onSelect();
            }}
          >
            {icon && <Icon name={icon} />}
            <span>{name}</span>
          </button>
        ))}
      </div>
    </span>
  );
}
