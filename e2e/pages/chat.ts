import { expect, type Locator, type Page } from '@playwright/test';

/** The client in the words of the person in front of it. */
export class Chat {
  readonly sidebar: Locator;

  constructor(readonly page: Page) {
    this.sidebar = page.getByRole('navigation', { name: 'Channels' });
  }

  channelLink(name: string): Locator {
    return this.sidebar.getByRole('link', { name: new RegExp(`^${escape(name)}(,|$)`) });
  }

  async openChannel(name: string): Promise<void> {
    await this.channelLink(name).click();
    await expect(this.feed(name)).toBeVisible();
  }

  feed(name: string): Locator {
    return this.page.getByRole('feed', { name: `Messages in ${name}` });
  }

  composer(name: string): Locator {
    return this.page.getByRole('textbox', { name: `Message ${name}`, exact: true });
  }

  async send(channel: string, text: string): Promise<void> {
    const box = this.composer(channel);
    await box.click();
    await this.page.keyboard.insertText(text);
    await this.page.keyboard.press('Enter');
  }

  /** The row of a message, by its text. */
  message(text: string, within: Locator | Page = this.page): Locator {
    return within.getByRole('article').filter({ hasText: text });
  }

  /** An act of the bar that a row shows on hover and focus. */
  async act(row: Locator, name: string): Promise<void> {
    await row.hover();
    await row.getByRole('button', { name, exact: true }).click();
  }

  /** An act of the row's More menu. */
  async more(row: Locator, name: string): Promise<void> {
    await this.act(row, 'More');
    await this.page.getByRole('menuitem', { name }).click();
  }

  /** A way of the menu that a day's pill opens. */
  async jump(name: string): Promise<void> {
    await this.page.getByRole('main').locator('[data-day] button').last().click();
    await this.page.getByRole('menuitem', { name, exact: true }).click();
  }

  /** The panel of an open thread. */
  thread(channel: string): Locator {
    return this.page.getByRole('complementary', { name: `Thread in ${channel}` });
  }

  async goOffline(): Promise<void> {
    await this.page.context().setOffline(true);
  }

  async goOnline(): Promise<void> {
    await this.page.context().setOffline(false);
  }
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
