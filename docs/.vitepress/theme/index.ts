import type { Theme } from 'vitepress';
import Default from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import './style.css';

// With a target, the site's own router leaves the link to the browser: the dashboard is not one of its pages.
const toDashboard = () => h('a', { class: 'to-dashboard', href: '/', target: '_self' }, 'Dashboard');

export default {
  extends: Default,
  Layout: () =>
    h(Default.Layout, null, {
      'nav-bar-content-after': toDashboard,
      'nav-screen-content-before': toDashboard,
    }),
} satisfies Theme;
